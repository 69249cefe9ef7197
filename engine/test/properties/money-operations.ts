/**
 * Everything that moves money, as random operations over the API: each is made of numbers that pick among what there is when its turn
 * comes, so that any sequence has a meaning and shrinks well. What the state does not allow is refused, and that is an outcome too.
 */
import fc from "fast-check";
import { expect } from "vitest";

const HOUR = 3_600_000;

/** Sends one request and answers it; the crash test sends it again after a restart, under the same key. */
export type Send = (
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
  url: string,
  body?: unknown,
) => Promise<{ status: number; body: Body }>;
// biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely by tests
type Body = any;

export const CATALOG = {
  meters: [{ key: "units", event: "unit", aggregation: "sum" }],
  plans: [
    plan("small", "month", 999, "333", 3, { trial_days: 7 }),
    plan("large", "month", 4_901, "1250.5", 1, { after_dunning: "keep" }, 6_000),
    plan("weekly", "week", 700, "99.9", 0, { seat_decrease: "period_end", proration_unit: "day" }),
    plan("yearly", "year", 40_000, "9000", 2, { after_dunning: "expire" }),
  ],
  coupons: [
    { key: "third", percent_off: "33.3", duration: "forever" },
    { key: "twice", percent_off: 50, duration: "periods", periods: 2, prices: ["seats"] },
    { key: "gift", amount_off: 1_500, currency: "usd", duration: "once" },
  ],
  tax_rates: [
    { key: "vat", kind: "vat", country: "DE", percent: 19 },
    { key: "tax", kind: "vat", country: "JP", percent: 10, inclusive: true },
  ],
};

function plan(key: string, interval: string, base: number, seat: string, included: number, rest: object, minimum?: number) {
  const prices = [
    { key: "base", type: "flat", amount: base },
    { key: "seats", type: "seat", unit_amount: seat, included },
    { key: "units", type: "usage", meter: "units", unit_amount: "7.77", included: 5 },
  ];
  const commitment = minimum === undefined ? {} : { minimum_commitment: minimum };
  const eur = { prices: { base, seats: seat, units: "7.77" }, ...commitment };
  const jpy = { prices: { base: base * 2, seats: "1000", units: "3.3" }, ...commitment };
  return { key, name: key, currency: "usd", interval, prices, currencies: { eur, jpy }, ...commitment, ...rest };
}

/** One in dollars without tax, one in euro with it, one in yen that contain it. */
export const TENANTS = [
  { currency: "usd", time_zone: "America/New_York", address: { country: "US" } },
  { currency: "eur", time_zone: "Europe/Berlin", address: { country: "DE" } },
  { currency: "jpy", time_zone: "Asia/Tokyo", address: { country: "JP" } },
];

const CARDS = ["tok_visa", "tok_visa", "tok_declined", "tok_insufficient_funds", "tok_refund_fails"];
const PLANS = CATALOG.plans.map(({ key }) => key);
const CHANGES = ["now", "period_end", "auto"];
const PRORATIONS = ["invoice_now", "next_invoice", "none"];

export interface Operation {
  name: string;
  tenant: number;
  /** Picks among what there is. */
  pick: number;
  /** Of a whole, in parts of eight; and whatever else an operation chooses by. */
  part: number;
  seats: number;
  hours: number;
}

// How often each comes: time must pass, and there must be something to take back.
const WEIGHTS: Record<string, number> = {
  start: 4,
  advance: 8,
  usage: 3,
  plan: 3,
  seats: 3,
  pause: 1,
  resume: 2,
  cancel: 2,
  revoke: 1,
  renew: 1,
  card: 3,
  pay: 3,
  void: 4,
  uncollectible: 1,
  finalize: 2,
  note: 5,
  refund: 2,
  item: 4,
  coupon: 1,
  uncoupon: 1,
};

export const operation: fc.Arbitrary<Operation> = fc.record({
  name: fc.oneof(...Object.entries(WEIGHTS).map(([name, weight]) => ({ weight, arbitrary: fc.constant(name) }))),
  // Mostly the first: a sequence of its own, beside which the others must stay as they are.
  tenant: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.nat(TENANTS.length - 1) }),
  pick: fc.nat(11),
  part: fc.integer({ min: 1, max: 8 }),
  seats: fc.nat(7),
  hours: fc.integer({ min: 1, max: 900 }),
});

export interface Run {
  send: Send;
  clockId: string;
  /** The ids of the tenants, in the order of `TENANTS`. */
  ids: string[];
  now: number;
}

/** A clock and the tenants on it. The catalog is there already. */
export async function begin(send: Send, name: string): Promise<Run> {
  const now = Date.UTC(2026, 0, 31, 12);
  const clock = await must(send("POST", "/v1/test-clocks", { name, now: text(now) }));
  const ids = TENANTS.map((_, index) => `${name}-${index}`);
  for (const [index, tenant] of TENANTS.entries())
    await must(send("PUT", `/v1/tenants/${ids[index]}`, { ...tenant, test_clock: clock.id }));
  return { send, clockId: clock.id, ids, now };
}

/** Moves the clock, if only to where it stands: then what was asked for is collected. */
export async function advance(run: Run, to: number): Promise<void> {
  run.now = to;
  await must(run.send("POST", `/v1/test-clocks/${run.clockId}/advance`, { to: text(to) }));
}

/** Does one operation. An answer that is none of those below is a fault of the engine. */
export async function operate(run: Run, { name, tenant, pick, part, seats, hours }: Operation): Promise<void> {
  const { send } = run;
  const own = `/v1/tenants/${run.ids[tenant]}`;
  const ask: Send = async (method, url, body) => {
    const answer = await send(method, url, body);
    if (answer.status >= 300) {
      const known = /^(invalid_state|already_subscribed|conflict|no_subscription|invalid_request|payment_failed)$/.test(answer.body.code);
      expect([known, method, url, answer.status, answer.body.detail]).toEqual([true, method, url, answer.status, answer.body.detail]);
    }
    return answer;
  };
  const invoice = async (wanted: (invoice: Body) => boolean): Promise<Body | null> => {
    const { items } = await must(send("GET", `${own}/invoices?limit=100`));
    const found = items.filter(wanted);
    return found.length === 0 ? null : found[pick % found.length];
  };
  const later = (from: readonly string[]) => from[pick % from.length]!;
  switch (name) {
    case "advance":
      return advance(run, run.now + hours * HOUR);
    case "start": {
      const collection = part < 4 ? "send_invoice" : "charge_automatically";
      const alignment = part % 3 === 0 ? "calendar" : "anniversary";
      const started =
        part === 8 ? { start_at: text(run.now - hours * HOUR) } : part === 7 ? { start_at: text(run.now + hours * HOUR) } : {};
      return void (await ask("POST", `${own}/subscription`, { plan: later(PLANS), seats, collection, alignment, ...started }));
    }
    case "plan": {
      const change = { plan: later(PLANS), when: CHANGES[part % 3], proration: PRORATIONS[hours % 3], ...(part > 4 ? { seats } : {}) };
      return void (await ask("POST", `${own}/subscription/plan`, change));
    }
    case "seats":
      return void (await ask("PATCH", `${own}/subscription`, { seats, proration: PRORATIONS[hours % 3] }));
    case "pause":
      return void (await ask("POST", `${own}/subscription/pause`, part > 4 ? { resumes_at: text(run.now + hours * HOUR) } : {}));
    case "resume":
      return void (await ask("POST", `${own}/subscription/resume`));
    case "cancel": {
      const now = part > 4;
      return void (await ask(
        "POST",
        `${own}/subscription/cancel`,
        now ? { when: "now", refund_unused: part > 6 } : { when: "period_end" },
      ));
    }
    case "revoke":
      return void (await ask("POST", `${own}/subscription/revoke-cancellation`));
    case "renew":
      return void (await ask("PATCH", `${own}/subscription`, { auto_renew: part > 4 }));
    case "usage": {
      const at = (index: number) => text(run.now - ((hours * index) % 700) * HOUR);
      const event = (index: number) => ({
        tenant_id: run.ids[tenant],
        event: "unit",
        amount: `${pick}.${part}`,
        at: at(index),
        idempotency_key: `${run.now}-${pick}-${part}-${hours}-${index}`,
      });
      return void (await ask(
        "POST",
        "/v1/usage",
        Array.from({ length: 1 + seats }, (_, index) => event(index)),
      ));
    }
    case "card":
      return void (await ask("POST", `${own}/payment-methods/setup-intent`, { token: later(CARDS) }));
    case "coupon":
      return void (await ask("POST", `${own}/discounts`, { coupon: later(CATALOG.coupons.map(({ key }) => key)) }));
    case "uncoupon": {
      const { items } = await must(send("GET", `${own}/discounts`));
      const active = items.filter((one: Body) => one.active);
      if (active.length > 0) await ask("DELETE", `${own}/discounts/${active[pick % active.length].id}`);
      return;
    }
    case "item": {
      const amount = (part > 5 ? -1 : 1) * (hours + 1) * 3;
      const where = ["next", "own", "draft"][pick % 3];
      // Now and then in a currency that the tenant does not have else.
      const currency = pick === 10 ? { currency: "kwd" } : {};
      return void (await ask("POST", `${own}/invoice-items`, { description: "Extra", amount, invoice: where, ...currency }));
    }
    case "pay": {
      const open = await invoice((one) => one.status === "open" || one.status === "uncollectible");
      const amount = open && part < 4 ? { amount: Math.max(1, Math.floor((Number(open.amount_due) * part) / 8)) } : {};
      if (open) await ask("POST", `/v1/invoices/${open.id}/pay`, amount);
      return;
    }
    case "finalize": {
      const draft = await invoice((one) => one.status === "draft");
      if (draft) await ask("POST", `/v1/invoices/${draft.id}/finalize`);
      return;
    }
    case "void":
    case "uncollectible": {
      // One that used the balance up first: what it took must come back.
      const open =
        (await invoice((one) => one.status === "open" && one.balance_applied > 0)) ??
        (await invoice((one) => one.status === "open" || one.status === "draft"));
      if (open) await ask("POST", `/v1/invoices/${open.id}/${name}`);
      return;
    }
    case "note": {
      const issued = await invoice((one) => one.number !== null && one.total > 0);
      if (!issued) return;
      const settle = ["balance", "refund", "offset"][hours % 3];
      const left = Number(issued.total) - Number(issued.amount_credited);
      const lines = issued.lines.filter((line: Body) => line.amount > 0);
      const line = lines[pick % Math.max(1, lines.length)];
      const byLine =
        line && seats === 1 ? { lines: [{ line: line.id, amount: Math.max(1, Math.floor((Number(line.amount) * part) / 8)) }] } : null;
      await ask("POST", `/v1/invoices/${issued.id}/credit-notes`, { ...(byLine ?? { amount: portion(left, part) }), settle });
      return;
    }
    case "refund": {
      const paid = await invoice((one) => one.amount_paid > one.amount_refunded);
      if (paid)
        await ask("POST", `/v1/invoices/${paid.id}/refunds`, {
          amount: portion(Number(paid.amount_paid) - Number(paid.amount_refunded), part),
        });
      return;
    }
    default:
      throw new Error(`there is no operation ${name}`);
  }
}

function portion(whole: number, part: number): number {
  return Math.max(1, Math.floor((whole * part) / 8));
}

async function must(answer: Promise<{ status: number; body: Body }>): Promise<Body> {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`answered ${status}: ${JSON.stringify(body)}`);
  return body;
}

const text = (at: number) => new Date(at).toISOString().replace(".000Z", "Z");
