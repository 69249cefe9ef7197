/** The tenants of a simulated year: who they are and what they are like, each from the seed alone. None of them exists. */
import { DAY } from "../../billing/time/civil.ts";
import { seeded } from "../random.ts";

export interface Customer {
  /** Place in the list: what is done at one instant is done in this order. */
  index: number;
  id: string;
  name: string;
  country: string;
  region: string | null;
  timeZone: string;
  currency: string;
  /** Set: a business that says so, for taxes. */
  taxId: string | null;
  /** null: stays on the free plan. */
  plan: string | null;
  seats: number;
  coupon: string | null;
  collection: "charge_automatically" | "send_invoice";
  alignment: "anniversary" | "calendar";
  /** Days from the year's start. */
  signsUpOn: number;
  /** Which of a day's stops is its own: at the others it only uses what it has. */
  stop: number;
  /** Documents on an ordinary day, and how much more of them a year later: 1.3 is three tenths. */
  documents: number;
  growth: number;
  /** How restless it is: 1 is ordinary, 3 changes its mind three times as often. */
  temper: number;
}

type Place = [country: string, timeZone: string, currency: string, region: string | null, weight: number];

const PLACES: readonly Place[] = [
  ["US", "America/New_York", "usd", "New York", 13],
  ["US", "America/Chicago", "usd", "Illinois", 10],
  ["US", "America/Los_Angeles", "usd", "California", 14],
  ["BR", "America/Sao_Paulo", "usd", null, 3],
  ["AU", "Australia/Sydney", "usd", null, 4],
  ["DE", "Europe/Berlin", "eur", null, 14],
  ["FR", "Europe/Paris", "eur", null, 8],
  ["NL", "Europe/Amsterdam", "eur", null, 5],
  ["GB", "Europe/London", "gbp", null, 9],
  ["IN", "Asia/Kolkata", "inr", "Karnataka", 12],
  ["JP", "Asia/Tokyo", "jpy", null, 8],
];

/** What people begin with, by weight; the second list where a currency knows fewer plans. */
const PLANS: readonly [string, number][] = [
  ["solo", 40],
  ["team_monthly", 30],
  ["team_quarterly", 5],
  ["team_yearly", 10],
  ["business", 7],
  ["solo_weekly", 4],
];
const SOLD_EVERYWHERE = new Set(["solo", "team_monthly", "team_quarterly", "team_yearly"]);

const FIRST = [
  "Amber",
  "Birch",
  "Cobalt",
  "Delta",
  "Ember",
  "Fjord",
  "Granite",
  "Hazel",
  "Iris",
  "Jasper",
  "Kite",
  "Lumen",
  "Meadow",
  "Nimbus",
];
const SECOND = [
  "Archive",
  "Books",
  "Clinic",
  "Design",
  "Estates",
  "Foods",
  "Freight",
  "Labs",
  "Law",
  "Library",
  "Music",
  "Press",
  "Studio",
];

/** Stops of a day, in hours UTC. */
export const STOPS = [8, 19] as const;

/** `prefix` begins every id, so that years with other seeds can stand beside each other. */
export function customersOf(seed: number, count: number, months: number): Customer[] {
  const prefix = `sim${seed}`;
  return Array.from({ length: count }, (_, index) => customerOf(prefix, index, months));
}

function customerOf(prefix: string, index: number, months: number): Customer {
  const id = `${prefix}-${String(index + 1).padStart(4, "0")}`;
  const random = seeded(`${id} who`);
  const weighted = <T>(items: readonly (readonly [T, number])[]): T => {
    let rest = random.next() * items.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [item, weight] of items) {
      rest -= weight;
      if (rest < 0) return item;
    }
    return items[0]![0];
  };
  const [country, timeZone, currency, region] = weighted(PLACES.map((place) => [place, place[4]] as const));
  const wanted = weighted(PLANS);
  const sold = SOLD_EVERYWHERE.has(wanted) || currency === "usd" || currency === "eur";
  const plan = random.chance(0.05) ? null : sold ? wanted : "team_monthly";
  const large = plan === "business";
  const team = plan?.startsWith("team") ?? false;
  const seats = large ? random.whole(8, 40) : team ? 1 + Math.min(30, Math.floor(random.heavy(3, 0.7))) : 1;
  const business = large || team || random.chance(0.3);
  // A third is there when the year begins; the others come through it, more of them each month.
  const days = Math.floor((months * 365) / 12);
  const signsUpOn = random.chance(0.35) ? random.whole(0, 12) : Math.floor(days * random.next() ** 0.8);
  return {
    index,
    id,
    name: `${random.pick(FIRST)} ${random.pick(SECOND)} ${index + 1}`,
    country,
    region,
    timeZone,
    currency,
    taxId: business && random.chance(0.7) ? `${country}${100_000_000 + index}` : null,
    plan,
    seats,
    coupon: couponOf(random.next(), currency, team || large),
    collection: large ? "send_invoice" : random.chance(0.06) ? "send_invoice" : "charge_automatically",
    alignment: random.chance(0.25) ? "calendar" : "anniversary",
    signsUpOn,
    stop: random.whole(0, STOPS.length - 1),
    documents: Math.min(40, random.heavy(large ? 5 : team ? 1.4 : 0.6, 0.7)),
    growth: 0.8 + random.next() * 1.2,
    temper: random.heavy(1, 0.6),
  };
}

function couponOf(chance: number, currency: string, seats: boolean): string | null {
  if (chance < 0.1) return "launch";
  if (chance < 0.14) return "partner";
  if (chance < 0.19 && currency === "usd") return "welcome";
  return chance < 0.23 && seats ? "seats_off" : null;
}

/** Documents that a customer means to send on this day: growing, and fewer at weekends. */
export function documentsOn(customer: Customer, day: number, at: number): number {
  const weekday = (Math.floor(at / DAY) + 4) % 7;
  return customer.documents * customer.growth ** (day / 365) * (weekday === 0 || weekday === 6 ? 0.35 : 1.2);
}
