/** What a captured payment does to its invoice, whatever went wrong on the way: the lessons, by name. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { askOrders } from "../../src/billing/invoices/ask-orders.ts";
import { retryDelay } from "../../src/webhooks/inbound/backoff.ts";
import { createSetting, eventOf, type Setting } from "./setting.ts";

let setting: Setting;
beforeAll(async () => {
  setting = await createSetting();
});
afterAll(() => setting.close());
afterEach(async () => expect(await setting.wrong()).toEqual([]));

const PAID = ["razorpay payment.succeeded", "razorpay invoice.paid"];
const tail = async (tenant: string) => (await setting.timeline(tenant)).filter((line) => line.startsWith("razorpay"));

async function open(tenant: string, amount = 50_000) {
  const invoice = await setting.invoice(tenant, amount);
  const order = await setting.order(invoice.id);
  return { invoice, order, now: () => setting.world.must("GET", `/v1/invoices/${invoice.id}`) };
}
const captured = (order: string, over = {}) => eventOf("payment.captured", { payment: setting.razorpay.pay(order, over) });
const fault = {
  on: () => setting.world.owner.query("alter table payments add constraint broken check (gateway <> 'razorpay') not valid"),
  off: () => setting.world.owner.query("alter table payments drop constraint broken"),
};

describe("lesson 1: a first dispatch that fails, and the redelivery", () => {
  test("is worked on again at once, and pays the invoice", async () => {
    const { order, now } = await open("l1");
    const event = captured(order.order_id);
    await setting.deliver(event, "l1");
    await fault.on();
    await setting.dispatch();
    await fault.off();
    expect([await setting.inbound("l1"), (await now()).status]).toMatchObject([{ state: "failed", attempts: 1 }, "open"]);
    expect((await setting.deliver(event, "l1")).body.duplicate).toBe(true);
    await setting.dispatch();
    expect([await setting.inbound("l1"), (await now()).status]).toMatchObject([{ state: "done", attempts: 2, deliveries: 2 }, "paid"]);
    // From here on it is a duplicate like any other.
    await setting.deliver(event, "l1");
    expect(await setting.dispatch()).toBe(0);
    expect((await setting.inbound("l1")).state).toBe("done");
  });

  test("also of one that was given up", async () => {
    const { order, now } = await open("l1-dead");
    const event = captured(order.order_id);
    await setting.deliver(event, "l1-dead");
    await setting.world.owner.query("update inbound_events set state = 'dead', attempts = 12 where event_id = 'l1-dead'");
    await setting.deliver(event, "l1-dead");
    await setting.dispatch();
    expect([await setting.inbound("l1-dead"), (await now()).status]).toMatchObject([{ state: "done", attempts: 1 }, "paid"]);
  });
});

test("lesson 2: what a retry heals is in the history just as what worked at once", async () => {
  const [healed, straight] = [await open("l2-healed"), await open("l2-straight")];
  await setting.deliver(captured(straight.order.order_id), "l2-straight");
  await setting.dispatch();
  await setting.deliver(captured(healed.order.order_id), "l2-healed");
  await fault.on();
  await setting.dispatch();
  await fault.off();
  expect(await tail("l2-healed")).toEqual([]);
  // Not before its time.
  expect(await setting.dispatch("failed")).toBe(0);
  await setting.hurry();
  expect(await setting.dispatch("failed")).toBe(1);
  expect(await tail("l2-healed")).toEqual(PAID);
  expect(await setting.timeline("l2-healed")).toEqual(await setting.timeline("l2-straight"));
});

describe("lesson 3: nothing stays in progress, and what is done stays done", () => {
  test("a row that a crash left in progress is picked up after the lease, and not before", async () => {
    const { order, now } = await open("l3");
    await setting.deliver(captured(order.order_id), "l3");
    await setting.world.owner.query(
      "update inbound_events set state = 'working', attempts = 1, claimed_until = now() + interval '2 minutes' where event_id = 'l3'",
    );
    expect([await setting.dispatch(), (await now()).status]).toEqual([0, "open"]);
    await setting.hurry();
    expect([await setting.dispatch(), (await now()).status]).toEqual([1, "paid"]);
    expect(await setting.inbound("l3")).toMatchObject({ state: "done", attempts: 2 });
  });

  test("one that crashed every time is given up, and seen", async () => {
    const { order, now } = await open("l3-dead");
    await setting.deliver(captured(order.order_id), "l3-dead");
    await setting.world.owner.query(
      "update inbound_events set state = 'working', attempts = 12, claimed_until = '2020-01-01' where event_id = 'l3-dead'",
    );
    await setting.dispatch();
    expect([(await setting.inbound("l3-dead")).state, (await now()).status]).toEqual(["dead", "open"]);
  });

  test("what fails after the write (the word to the streams) leaves the dispatch done", async () => {
    const { order, now } = await open("l3-ring");
    await setting.deliver(captured(order.order_id), "l3-ring");
    const { timeline } = setting.world.billing.ctx;
    const ring = timeline.ring;
    timeline.ring = () => {
      throw new Error("nobody can be told");
    };
    await setting.dispatch();
    timeline.ring = ring;
    expect([await setting.inbound("l3-ring"), (await now()).status]).toMatchObject([{ state: "done", last_error: null }, "paid"]);
    expect(await tail("l3-ring")).toEqual(PAID);
  });
});

describe("lesson 7: what was captured is compared with what was asked", () => {
  test("the whole settles, once", async () => {
    const { order, now } = await open("l7");
    await setting.deliver(captured(order.order_id), "l7");
    await setting.dispatch();
    expect(await now()).toMatchObject({ status: "paid", amount_paid: 50_000, amount_due: 0 });
    expect(await setting.payments("l7")).toMatchObject([
      { status: "succeeded", amount: 50_000, amount_received: 50_000, gateway: "razorpay", attempt: 1 },
    ]);
  });

  test("less is a part; the rest is another order", async () => {
    const { invoice, order, now } = await open("l7-less");
    await setting.deliver(captured(order.order_id, { amount: 20_000 }), "l7-less");
    await setting.dispatch();
    expect(await now()).toMatchObject({ status: "open", amount_paid: 20_000, amount_due: 30_000 });
    const rest = await setting.order(invoice.id);
    expect([rest.amount, rest.order_id === order.order_id]).toEqual([30_000, false]);
    await setting.deliver(captured(rest.order_id), "l7-rest");
    await setting.dispatch();
    expect(await now()).toMatchObject({ status: "paid", amount_paid: 50_000, amount_due: 0 });
    expect((await setting.payments("l7-less")).map(({ attempt }) => attempt).sort()).toEqual([1, 2]);
  });

  test("more is balance", async () => {
    const { invoice, order, now } = await open("l7-more");
    await setting.deliver(captured(order.order_id, { amount: 70_000 }), "l7-more");
    await setting.dispatch();
    expect(await now()).toMatchObject({ status: "paid", amount_paid: 50_000, amount_due: 0 });
    const { rows } = await setting.world.owner.query("select kind, amount from balance_entries where invoice_id = $1", [invoice.id]);
    expect(rows).toEqual([{ kind: "overpaid", amount: 20_000n }]);
  });

  test("another currency is refused and flagged, however often it is told", async () => {
    const { order, now } = await open("l7-usd");
    const event = captured(order.order_id, { currency: "USD" });
    for (const id of ["l7-usd", "l7-usd-again"]) await setting.deliver(event, id);
    await setting.dispatch();
    expect(await now()).toMatchObject({ status: "open", amount_paid: 0, amount_due: 50_000 });
    expect(await setting.payments("l7-usd")).toMatchObject([{ status: "failed", code: "currency_mismatch", amount_received: 0 }]);
    expect(await tail("l7-usd")).toEqual(["razorpay payment.failed"]);
  });

  test("whoever is not Razorpay marks nothing as paid", async () => {
    const { order, now } = await open("l7-forged");
    const answer = await setting.deliver(captured(order.order_id), "l7-forged", { "x-razorpay-signature": "0".repeat(64) });
    expect([answer.status, await setting.dispatch(), (await now()).status]).toEqual([400, 0, "open"]);
  });
});

test("lesson 31: paying an invoice gives no credits and no balance", async () => {
  const { order, now } = await open("l31");
  await setting.deliver(captured(order.order_id), "l31");
  await setting.dispatch();
  expect((await now()).status).toBe("paid");
  expect(await setting.world.must("GET", "/v1/tenants/l31/credits")).toMatchObject({ balance: 0, grants: [] });
  expect((await setting.world.owner.query("select 1 from balance_entries where tenant_id = 'l31'")).rows).toEqual([]);
});

describe("tries of the payer", () => {
  test("one that failed is on record, changes nothing of the invoice, and the next one pays", async () => {
    const { order, now } = await open("tries");
    const failed = {
      status: "failed",
      captured: false,
      error_code: "BAD_REQUEST_ERROR",
      error_reason: "payment_failed",
      error_description: "No.",
    };
    await setting.deliver(eventOf("payment.failed", { payment: setting.razorpay.pay(order.order_id, failed) }), "try-1");
    await setting.dispatch();
    expect(await now()).toMatchObject({ status: "open", amount_due: 50_000 });
    await setting.deliver(captured(order.order_id), "try-2");
    await setting.dispatch();
    expect((await now()).status).toBe("paid");
    expect(await setting.payments("tries")).toMatchObject([
      { status: "succeeded", attempt: 2 },
      { status: "failed", attempt: 1, code: "payment_failed", reason: "No." },
    ]);
    expect(await tail("tries")).toEqual(["razorpay payment.failed", ...PAID]);
  });

  test("one that was called failed and that the bank confirms later counts; called failed afterwards it still counts", async () => {
    const { order, now } = await open("late");
    const payment = setting.razorpay.pay(order.order_id);
    const failed = eventOf("payment.failed", { payment: { ...payment, status: "failed", captured: false } });
    for (const [event, id] of [
      [failed, "late-1"],
      [eventOf("payment.captured", { payment }), "late-2"],
      [failed, "late-3"],
    ] as const) {
      await setting.deliver(event, id);
      await setting.dispatch();
    }
    expect((await now()).status).toBe("paid");
    expect(await setting.payments("late")).toMatchObject([{ status: "succeeded", amount_received: 50_000, code: null }]);
  });
});

test("an event that is faster than the answer to its order finds the invoice by the receipt", async () => {
  const invoice = await setting.invoice("fast");
  setting.razorpay.fail("POST", /orders$/, "lost");
  expect((await setting.world.post(`/v1/invoices/${invoice.id}/razorpay-order`)).status).toBe(503);
  const [made] = [...setting.razorpay.orders.values()].filter(({ receipt }) => receipt === invoice.id);
  await setting.deliver(captured(String(made!.id)), "fast");
  await setting.dispatch();
  expect((await setting.world.must("GET", `/v1/invoices/${invoice.id}`)).status).toBe("paid");
});

test("a payment of an order that was not made here is ignored, and one that cannot be looked up is tried again", async () => {
  const order = { id: "order_foreign", entity: "order", amount: 500, currency: "INR", receipt: "theirs", status: "created" };
  setting.razorpay.orders.set("order_foreign", order);
  await setting.deliver(captured("order_foreign"), "foreign");
  setting.razorpay.fail("GET", /order_foreign$/, "down");
  await setting.dispatch();
  expect((await setting.inbound("foreign")).state).toBe("failed");
  await setting.hurry();
  await setting.dispatch("failed");
  expect(await setting.inbound("foreign")).toMatchObject({ state: "ignored", last_error: "The order was not made here." });
});

test("a webhook that never comes: the order is asked about, and settles through the same door, once", async () => {
  const { order, now } = await open("silent");
  setting.razorpay.pay(order.order_id, {
    status: "failed",
    captured: false,
    error_reason: "payment_timed_out",
    error_description: "Too late.",
  });
  const payment = setting.razorpay.pay(order.order_id);
  const due = () => setting.world.owner.query("update payment_orders set ask_at = '2020-01-01' where ask_at is not null");
  await due();
  setting.razorpay.fail("GET", new RegExp(`${order.order_id}/payments$`), "down");
  await askOrders(setting.world.billing.ctx);
  expect((await now()).status).toBe("open");
  await due();
  await askOrders(setting.world.billing.ctx);
  expect((await now()).status).toBe("paid");
  const line = await setting.timeline("silent");
  await setting.deliver(eventOf("payment.captured", { payment }), "silent");
  await setting.dispatch();
  expect(await setting.timeline("silent")).toEqual(line);
  expect((await setting.payments("silent")).map(({ status, attempt }) => [attempt, status])).toEqual([
    [2, "succeeded"],
    [1, "failed"],
  ]);
  // What is paid is not asked about any more.
  const asked = () => setting.razorpay.requests.filter(({ path }) => path === `/v1/orders/${order.order_id}/payments`).length;
  const before = asked();
  await due();
  await askOrders(setting.world.billing.ctx);
  expect(asked()).toBe(before);
});

test("money for an invoice that was paid or voided meanwhile is balance", async () => {
  const voided = await open("voided");
  await setting.world.must("POST", `/v1/invoices/${voided.invoice.id}/void`);
  await setting.deliver(captured(voided.order.order_id), "voided");
  const twice = await open("twice");
  for (const id of ["twice-1", "twice-2"]) await setting.deliver(captured(twice.order.order_id), id);
  await setting.dispatch();
  const { rows } = await setting.world.owner.query(
    "select tenant_id, kind, amount from balance_entries where tenant_id in ('voided', 'twice') order by 1",
  );
  expect(rows).toEqual([
    { tenant_id: "twice", kind: "overpaid", amount: 50_000n },
    { tenant_id: "voided", kind: "overpaid", amount: 50_000n },
  ]);
  expect([(await voided.now()).status, (await twice.now()).status]).toEqual(["void", "paid"]);
});

test("an order does not stand in the way of a charge, nor a charge in the way of an order", async () => {
  const { world } = setting;
  await world.must("PUT", "/v1/tenants/both", { currency: "inr" });
  await world.must("POST", "/v1/tenants/both/payment-methods/setup-intent", { token: "tok_pending" });
  const item = await world.must("POST", "/v1/tenants/both/invoice-items", { description: "w", amount: 40_000, invoice: "own" });
  const order = await setting.order(item.invoice_id);
  expect((await world.post(`/v1/invoices/${item.invoice_id}/pay`)).status).toBe(202);
  await setting.deliver(captured(order.order_id), "both");
  await setting.dispatch();
  expect((await world.must("GET", `/v1/invoices/${item.invoice_id}`)).status).toBe("paid");
  expect((await setting.payments("both")).map(({ status, gateway }) => `${gateway} ${status}`).sort()).toEqual([
    "razorpay succeeded",
    "sandbox pending",
  ]);
});

test("retries wait 30 s, then twice as long each time, up to ten minutes, less up to a fifth by chance", () => {
  expect([1, 2, 3, 4, 5, 6, 7, 12].map((attempt) => retryDelay(attempt, 0) / 1_000)).toEqual([30, 60, 120, 240, 480, 600, 600, 600]);
  expect([retryDelay(1, 1), retryDelay(12, 1)]).toEqual([24_000, 480_000]);
});

test("twelve attempts, then it is given up, visible, and can be replayed", async () => {
  const { order, now } = await open("dead");
  await setting.deliver(captured(order.order_id), "dead");
  await fault.on();
  await setting.dispatch();
  for (let i = 0; i < 14; i++) {
    await setting.hurry();
    await setting.dispatch("failed");
  }
  await fault.off();
  const row = await setting.inbound("dead");
  expect(row).toMatchObject({ state: "dead", attempts: 12, next_attempt_at: null });
  expect(row.last_error).toContain("broken");
  await setting.world.must("POST", `/v1/inbound-events/${row.id}/replay`);
  await setting.dispatch();
  expect([await setting.inbound("dead"), (await now()).status]).toMatchObject([{ state: "done", attempts: 1 }, "paid"]);
  // And once more: nothing is done twice.
  const line = await setting.timeline("dead");
  await setting.world.must("POST", `/v1/inbound-events/${row.id}/replay`);
  await setting.dispatch();
  expect([(await setting.inbound("dead")).state, await setting.timeline("dead")]).toEqual(["done", line]);
});
