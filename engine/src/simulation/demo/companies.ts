/** The customers of the demo: who they are, what they bought, and how they live. None of them exists. */

/** How a day looks: offices by day, consumers in the evening, batches at night, agents all the time, the idle not at all. */
export type Rhythm = "office" | "consumer" | "batch" | "agents" | "idle";

export interface Company {
  id: string;
  name: string;
  country: string;
  timeZone: string;
  currency: string;
  /** null: on the free plan, without a subscription. */
  plan: string | null;
  seats: number;
  rhythm: Rhythm;
  /** Requests of an ordinary working day in the middle of the month. */
  requests: number;
  /** How much more there is at the end of the month than at its start: 1.2 is a fifth. */
  growth: number;
  /** The day of the month that it subscribed on; later than the first: aligned to the calendar, so the first period is a part. */
  joined: number;
  /** A test card's token; null: pays by invoice. */
  card: string | null;
  /** Sells through its agents, and owes a share of each sale. */
  sells?: boolean;
}

type Row = [
  name: string,
  country: string,
  timeZone: string,
  currency: string,
  plan: string | null,
  seats: number,
  rhythm: Rhythm,
  requests: number,
];

const ROWS: Row[] = [
  ["Harbor & Finch", "US", "America/New_York", "usd", "scale", 42, "office", 340],
  ["Brightwater Health", "US", "America/Chicago", "usd", "scale", 18, "office", 150],
  ["Kestrel Robotics", "US", "America/Los_Angeles", "usd", "pro_monthly", 9, "agents", 210],
  ["Maple Row Studios", "CA", "America/Toronto", "usd", "pro_monthly", 5, "consumer", 120],
  ["Juniper Legal", "US", "America/Denver", "usd", "pro_yearly", 6, "office", 55],
  ["Tidepool Games", "US", "America/Los_Angeles", "usd", "pro_monthly", 4, "consumer", 190],
  ["Oakline Insurance", "US", "America/New_York", "usd", "pro_monthly", 12, "office", 95],
  ["Fernhill Schools", "US", "America/Chicago", "usd", "starter", 1, "office", 30],
  ["Copper Kettle Foods", "US", "America/New_York", "usd", "starter", 1, "office", 18],
  ["Lumen Arcade", "US", "America/Los_Angeles", "usd", "starter", 1, "consumer", 44],
  ["Prairie Data Co-op", "CA", "America/Winnipeg", "usd", "starter", 1, "batch", 36],
  ["Vento Logística", "BR", "America/Sao_Paulo", "usd", "pro_monthly", 4, "office", 70],
  ["Casa Azul Viajes", "MX", "America/Mexico_City", "usd", "starter", 1, "consumer", 25],
  ["Norrsken Analys", "SE", "Europe/Stockholm", "eur", "pro_monthly", 7, "office", 110],
  ["Atelier Perrin", "FR", "Europe/Paris", "eur", "pro_monthly", 3, "office", 60],
  ["Rheintal Maschinenbau", "DE", "Europe/Berlin", "eur", "scale", 25, "office", 180],
  ["Blaue Stunde Verlag", "DE", "Europe/Berlin", "eur", "starter", 1, "office", 22],
  ["Officina Lucchesi", "IT", "Europe/Rome", "eur", "starter", 1, "office", 15],
  ["Polder & Kade", "NL", "Europe/Amsterdam", "eur", "pro_yearly", 8, "batch", 65],
  ["Sol de Mar Hoteles", "ES", "Europe/Madrid", "eur", "pro_monthly", 4, "consumer", 85],
  ["Aurinko Energia", "FI", "Europe/Helsinki", "eur", "starter", 1, "batch", 40],
  ["Ashdown Research", "GB", "Europe/London", "gbp", "pro_monthly", 5, "office", 75],
  ["Pennine Couriers", "GB", "Europe/London", "gbp", "pro_monthly", 4, "agents", 90],
  ["Kite & Thistle", "GB", "Europe/London", "gbp", "pro_yearly", 3, "office", 28],
  ["Saffron Street Labs", "IN", "Asia/Kolkata", "inr", "pro_monthly", 10, "agents", 230],
  ["Neelgiri Textiles", "IN", "Asia/Kolkata", "inr", "starter", 1, "office", 26],
  ["Monsoon Media", "IN", "Asia/Kolkata", "inr", "pro_monthly", 6, "consumer", 140],
  ["Chaupal Learning", "IN", "Asia/Kolkata", "inr", "starter", 1, "consumer", 60],
  ["Hoshino Seiki", "JP", "Asia/Tokyo", "jpy", "pro_monthly", 8, "office", 105],
  ["Kumo Library", "JP", "Asia/Tokyo", "jpy", "starter", 1, "consumer", 34],
  ["Minato Freight", "JP", "Asia/Tokyo", "jpy", "pro_monthly", 4, "batch", 80],
  ["Merlion Ventures", "SG", "Asia/Singapore", "usd", "pro_monthly", 4, "office", 58],
  ["Wattle Creek Farms", "AU", "Australia/Sydney", "usd", "starter", 1, "office", 20],
  ["Table Bay Clinics", "ZA", "Africa/Johannesburg", "usd", "starter", 1, "idle", 0],
  ["Desert Rose Events", "AE", "Asia/Dubai", "usd", null, 1, "consumer", 8],
  ["Old Mill Pottery", "IE", "Europe/Dublin", "eur", null, 1, "idle", 0],
];

const CARDS = ["tok_visa", "tok_mastercard", "tok_visa", "tok_amex", "tok_visa"];
const UNUSUAL: Readonly<Record<string, Partial<Company>>> = {
  "Harbor & Finch": { card: null, growth: 1.15 },
  "Rheintal Maschinenbau": { card: null, growth: 1.1 },
  "Brightwater Health": { growth: 1.3 },
  "Kestrel Robotics": { growth: 1.9, sells: true },
  "Saffron Street Labs": { growth: 2.4, sells: true },
  "Tidepool Games": { card: "tok_declined" },
  "Sol de Mar Hoteles": { sells: true },
  "Monsoon Media": { card: "tok_insufficient_funds" },
  "Casa Azul Viajes": { card: "tok_expired_card" },
  "Atelier Perrin": { joined: 12 },
  "Vento Logística": { joined: 9 },
  "Kumo Library": { joined: 17, growth: 1.6 },
  "Pennine Couriers": { card: "tok_requires_action" },
};

export const COMPANIES: readonly Company[] = ROWS.map(([name, country, timeZone, currency, plan, seats, rhythm, requests], index) => ({
  id: slug(name),
  name,
  country,
  timeZone,
  currency,
  plan,
  seats,
  rhythm,
  requests,
  growth: 1 + (index % 5) / 10,
  joined: 1,
  card: CARDS[index % CARDS.length]!,
  ...UNUSUAL[name],
}));

// "Vento Logística" is vento-logistica.
function slug(name: string): string {
  return name
    .normalize("NFD")
    .replace(/[^A-Za-z0-9 -]/g, "")
    .toLowerCase()
    .replace(/[ -]+/g, "-");
}
