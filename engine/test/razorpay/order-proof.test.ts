/**
 * An order is made, then paid: every order of the events that tell it, each delivered one to three times, and the worker dies at every
 * step of its work. It always ends in the same books and the same timeline. The seed is printed; it places the repeats.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Random, seeded } from "../../src/simulation/random.ts";
import { claimInbound } from "../../src/webhooks/inbound/store.ts";
import { createSetting, eventOf, type Setting } from "./setting.ts";

const SEED = process.env.PROPERTY_SEED ?? "order-proof-1";
const EVENTS = ["payment.authorized", "payment.captured", "order.paid"] as const;
type EventName = (typeof EVENTS)[number];

const ORDERS = EVENTS.flatMap((a) => EVENTS.flatMap((b) => EVENTS.map((c) => [a, b, c] as const))).filter((one) => new Set(one).size === 3);
const COUNTS = [1, 2, 3].flatMap((a) => [1, 2, 3].flatMap((b) => [1, 2, 3].map((c) => [a, b, c] as const)));

/** Where the worker dies: at the write of that name; `claimed`: right after it took the row. Some events never come to some of them. */
const STEPS = ["claimed", "tenant", "payment", "outcome", "order", "invoice", "history", "done"] as const;
type Step = (typeof STEPS)[number];

let setting: Setting;
let expected: unknown;
let crashes: Record<string, number> = {};

beforeAll(async () => {
  setting = await createSetting();
  await setting.world.owner.query(`
    create table crash_plan (step text);
    grant select on crash_plan to billwright_app;
    create function crash() returns trigger language plpgsql as $$
    begin
      if exists (select from crash_plan where step = tg_argv[0]) then raise exception 'dies at %', tg_argv[0]; end if;
      return new;
    end $$;
    create trigger crash_1 before insert on payments for each row execute function crash('payment');
    create trigger crash_2 before update on payments for each row execute function crash('outcome');
    create trigger crash_3 before update on payment_orders for each row execute function crash('order');
    create trigger crash_4 before update on invoices for each row execute function crash('invoice');
    create trigger crash_5 before insert on billing_events for each row execute function crash('history');
    create trigger crash_6 before update on inbound_events for each row when (new.state = 'done') execute function crash('done');
    create trigger crash_7 before update on inbound_events for each row when (new.tenant_id is distinct from old.tenant_id) execute function crash('tenant');
    -- A dead worker writes nothing down.
    create function silence() returns trigger language plpgsql as $$
    begin
      if exists (select from crash_plan) then raise exception 'dead'; end if;
      return new;
    end $$;
    create trigger silence before update on inbound_events for each row when (new.state in ('failed', 'dead')) execute function silence();`);
  expected = await play("quiet", [...EVENTS], null);
});
afterAll(() => setting.close());

/** The first of each in this order, repeats somewhere after. */
function deliveries(order: readonly EventName[], counts: readonly number[], random: Random): EventName[] {
  const list = [...order];
  order.forEach((name, index) => {
    for (let more = 1; more < counts[index]!; more++) {
      const from = list.indexOf(name) + 1;
      list.splice(random.whole(from, list.length), 0, name);
    }
  });
  return list;
}

async function play(tenant: string, list: EventName[], crash: { at: EventName; step: Step } | null): Promise<unknown> {
  const invoice = await setting.invoice(tenant);
  const order = await setting.order(invoice.id);
  const payment = setting.razorpay.pay(order.order_id);
  const paidOrder = { ...setting.razorpay.orders.get(order.order_id)!, status: "paid", amount_paid: 50_000, amount_due: 0 };
  const events = {
    "payment.authorized": eventOf("payment.authorized", { payment: { ...payment, status: "authorized", captured: false } }),
    "payment.captured": eventOf("payment.captured", { payment }),
    "order.paid": eventOf("order.paid", { payment, order: paidOrder }),
  };
  const seen = new Set<EventName>();
  for (const name of list) {
    expect((await setting.deliver(events[name], `${tenant}-${name}`)).status).toBe(200);
    if (crash?.at === name && !seen.has(name)) await dieAt(crash.step);
    else await setting.dispatch();
    seen.add(name);
  }
  await setting.hurry();
  await setting.dispatch();
  const { rows } = await setting.world.owner.query("select event_id, state from inbound_events where tenant_id = $1 or event_id like $2", [
    tenant,
    `${tenant}-%`,
  ]);
  expect(rows.map(({ state }) => state)).toEqual(["done", "done", "done"]);
  return outcome(tenant, invoice.id);
}

async function dieAt(step: Step): Promise<void> {
  const { ctx } = setting.world.billing;
  if (step === "claimed") {
    const now = ctx.clock.now();
    crashes[step] = (crashes[step] ?? 0) + (await claimInbound(ctx.pool, "new", { now, until: now + 120_000 }, 1)).length;
    return;
  }
  await setting.world.owner.query("insert into crash_plan values ($1)", [step]);
  const died = await setting.dispatch().then(
    () => false,
    () => true,
  );
  await setting.world.owner.query("delete from crash_plan");
  if (died) crashes[step] = (crashes[step] ?? 0) + 1;
}

/** All of the books, without what names this tenant and this moment. */
async function outcome(tenant: string, invoiceId: string): Promise<unknown> {
  const { must, owner } = setting.world;
  const of = async (text: string) => (await owner.query(text, [tenant])).rows;
  const state = {
    invoice: await must("GET", `/v1/invoices/${invoiceId}`),
    payments: await setting.payments(tenant),
    events: (await must("GET", `/v1/tenants/${tenant}/events?limit=100`)).items,
    orders: await of("select status, amount::text, currency, code, asked from payment_orders where tenant_id = $1"),
    balance: await of("select kind, amount::text from balance_entries where tenant_id = $1"),
  };
  const text = JSON.stringify(state, (_, value) => (typeof value === "bigint" ? value.toString() : value))
    .replaceAll(tenant, "TENANT")
    .replace(/\b([a-z]{2,8})_[0-7][0-9a-hjkmnp-tv-z]{25}/g, "$1_ID")
    .replace(/\b(order|pay)_L+\d+/g, "$1_THEIRS")
    .replace(/INV-\d{4}-\d{6}/g, "NUMBER")
    .replace(/"[^"]*\/(i|invoices)\/[^"]*"/g, '"LINK"')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "THEN");
  return JSON.parse(text);
}

test("told once and in order, it is paid", () => {
  const { invoice, payments, events, orders, balance } = expected as Record<string, { type: string; status: string }[]> & {
    invoice: object;
  };
  expect(invoice).toMatchObject({ status: "paid", amount_paid: 50_000, amount_due: 0 });
  expect(payments).toMatchObject([{ status: "succeeded", attempt: 1, amount: 50_000, amount_received: 50_000 }]);
  expect(events!.slice(0, 2).map(({ type }) => type)).toEqual(["invoice.paid", "payment.succeeded"]);
  expect(orders).toMatchObject([{ status: "paid" }]);
  expect(balance).toEqual([]);
});

describe(`seed ${SEED}`, () => {
  test.each(ORDERS.map((order, index) => [order.join(", "), order, index] as const))(
    "%s: 27 ways of repeating, the worker dies at every step of each event",
    { timeout: 180_000 },
    async (_name, order, index) => {
      console.info(`seed ${SEED}`);
      const random = seeded(`${SEED} ${index}`);
      for (const [way, counts] of COUNTS.entries()) {
        const crash = { at: order[way % 3]!, step: STEPS[Math.floor(way / 3) % STEPS.length]! };
        const list = deliveries(order, counts, random);
        const books = await play(`t-${index}-${way}-x`, list, crash);
        expect(books, `${list.join(", ")}; dies at ${crash.step} of ${crash.at}`).toEqual(expected);
      }
    },
  );

  test("it did die at every step", () => {
    expect(Object.keys(crashes).sort()).toEqual([...STEPS].sort());
    expect(Math.min(...Object.values(crashes))).toBeGreaterThan(2);
    crashes = {};
  });
});

test("all three at once, worked on side by side, three times over: the same", async () => {
  const invoice = await setting.invoice("side-by-side");
  const order = await setting.order(invoice.id);
  const payment = setting.razorpay.pay(order.order_id);
  const authorized = eventOf("payment.authorized", { payment: { ...payment, status: "authorized", captured: false } });
  const list = [authorized, eventOf("payment.captured", { payment }), eventOf("order.paid", { payment })];
  await Promise.all([0, 1, 2].flatMap(() => list.map((event, at) => setting.deliver(event, `side-by-side-${at}`))));
  await Promise.all([setting.dispatch(), setting.dispatch(), setting.dispatch()]);
  expect(await outcome("side-by-side", invoice.id)).toEqual(expected);
});
