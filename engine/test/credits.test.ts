/** Credits over HTTP: grants, consumption, expiry, and what each leaves in the ledger. */
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { REACTIONS } from "../src/reactions.ts";
import { CATALOG, walletOf } from "./credits-wallet.ts";
import { createWorld, type World } from "./world.ts";

let world: World;
const wallet = (...rest: [grants?: object[], fields?: object]) => walletOf(world, ...rest);
beforeAll(async () => {
  world = await createWorld();
  await world.must("PUT", "/v1/catalog", CATALOG);
});
afterAll(async () => {
  // Whatever these tests did, the books are right.
  const report = await world.must("GET", "/v1/credits/verify");
  await world.close();
  expect(report.checks.filter((check: { wrong: number }) => check.wrong > 0)).toEqual([]);
});

describe("consumption", () => {
  it("takes the cost of an event times its quantity, fractions too, all or nothing", async () => {
    const acme = await wallet([{ amount: "100.5", source: "purchase" }]);
    const first = await acme.consume({ event_name: "ai_inference", quantity: 2.5 });
    expect(first.status).toBe(200);
    expect(first.body).toMatchObject({ type: "consumed", amount: -62.5, balance_after: 38, event_name: "ai_inference", quantity: 2.5 });
    const tooMuch = await acme.consume({ event_name: "ai_inference", quantity: 2 });
    expect(tooMuch.status).toBe(402);
    expect(tooMuch.body).toMatchObject({ code: "insufficient_credits", required: 50, available: 38 });
    expect((await acme.consume({ amount: "0.000000000001" })).text).toContain('"balance_after":37.999999999999');
    expect((await acme.consume({ amount: "37.999999999999" })).body.balance_after).toBe(0);
    expect(await acme.balance()).toMatchObject({ balance: 0, available: 0, held: 0, grants: [], by_source: {} });
  });

  it("lesson 22: an amount keeps all its digits, from the request to the balance", async () => {
    const acme = await wallet([{ amount: "0.3", source: "purchase" }]);
    for (let i = 0; i < 3; i++) expect((await acme.consume({ amount: 0.1 })).status).toBe(200);
    expect((await acme.balance()).available).toBe(0);
    const big = await wallet([{ amount: "99999999999999999999.000000000001" }]);
    expect((await big.consume({ amount: "499.5" })).text).toContain('"balance_after":99999999999999999499.500000000001');
  });

  it("answers the same transaction under the same key for ever, a refusal included", async () => {
    const acme = await wallet([{ amount: 10 }]);
    const first = await acme.consume({ amount: 4, idempotency_key: "k" });
    const again = await acme.consume({ amount: "4.0", idempotency_key: "k" });
    expect(again.text).toBe(first.text);
    expect(again.headers["idempotent-replayed"]).toBe("true");
    expect((await acme.consume({ amount: 4 }, { "idempotency-key": "k" })).text).toBe(first.text);
    const refused = await acme.consume({ amount: 7, idempotency_key: "r" });
    expect(refused).toMatchObject({ status: 402, body: { required: 7, available: 6 } });
    await acme.post("grants", { amount: 100 });
    expect(await acme.consume({ amount: 7, idempotency_key: "r" })).toMatchObject({ status: 402, body: { required: 7, available: 6 } });
    expect(await acme.consume({ amount: 5, idempotency_key: "k" })).toMatchObject({
      status: 409,
      body: { code: "idempotency_key_reused" },
    });
    expect(await acme.post("grants", { amount: 4, idempotency_key: "k" })).toMatchObject({
      status: 409,
      body: { code: "idempotency_key_reused" },
    });
    expect((await acme.balance()).available).toBe(106);
    expect((await acme.ledger()).filter((t: { idempotency_key: string }) => t.idempotency_key !== null)).toHaveLength(1);
  });

  it("decides the same key sent many times at once, once", async () => {
    const acme = await wallet([{ amount: 10 }]);
    const answers = await Promise.all(Array.from({ length: 20 }, () => acme.consume({ amount: 1, idempotency_key: "same" })));
    expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
    expect((await acme.balance()).available).toBe(9);
  });

  it("uses the cost of the tenant's plan, and the switch", async () => {
    const acme = await wallet([{ amount: 100 }]);
    const off = await acme.consume({ event_name: "export" });
    expect(off).toMatchObject({ status: 422, body: { errors: [{ path: "event_name" }] } });
    expect((await acme.consume({ event_name: "ai_inference" })).body.amount).toBe(-25);
    await world.must("POST", `/v1/tenants/${acme.id}/subscription`, { plan: "pro" });
    expect((await acme.consume({ event_name: "ai_inference", quantity: 2 })).body.amount).toBe(-25);
    expect((await acme.consume({ event_name: "export" })).body.amount).toBe(-3);
    await world.must("POST", `/v1/tenants/${acme.id}/subscription/cancel`, { when: "now" });
    expect((await acme.consume({ event_name: "export" })).status).toBe(422);
  });

  it("remembers what costs nothing", async () => {
    const acme = await wallet();
    const free = await acme.consume({ event_name: "ping", idempotency_key: "p" });
    expect(free).toMatchObject({ status: 200, body: { amount: 0, balance_after: 0, grant_id: null } });
    expect((await acme.consume({ event_name: "ping", idempotency_key: "p" })).text).toBe(free.text);
  });

  it("answers a key for ever, also when its event is no longer on sale", async () => {
    const acme = await wallet([{ amount: 100 }]);
    const catalog = await world.must("GET", "/v1/catalog");
    await world.must("PUT", "/v1/credit-events/brief", { cost: 4 });
    const asked = { event_name: "brief", quantity: 2, idempotency_key: "b" };
    const first = await acme.consume(asked);
    expect(first.body.amount).toBe(-8);
    await world.must("PUT", "/v1/catalog", catalog);
    const again = await acme.consume(asked);
    expect([again.status, again.headers["idempotent-replayed"], again.text]).toEqual([200, "true", first.text]);
    expect(await acme.consume({ ...asked, quantity: 3 })).toMatchObject({ status: 409, body: { code: "idempotency_key_reused" } });
    expect(await acme.consume({ ...asked, idempotency_key: "c" })).toMatchObject({
      status: 422,
      body: { errors: [{ path: "event_name" }] },
    });
    expect((await acme.balance()).available).toBe(92);
  });

  it("refuses what is not right, naming it", async () => {
    const acme = await wallet([{ amount: 100 }]);
    const bad: [object, string][] = [
      [{}, "event_name"],
      [{ event_name: "ping", amount: 1 }, "event_name"],
      [{ event_name: "nothing" }, "event_name"],
      [{ amount: 0 }, "amount"],
      [{ amount: -1 }, "amount"],
      [{ amount: "1e3" }, "amount"],
      [{ amount: 1, quantity: 2 }, "quantity"],
      [{ event_name: "ping", quantity: 0 }, "quantity"],
      [{ amount: 1, idempotency_key: "" }, "idempotency_key"],
      [{ amount: 1, colour: "red" }, "colour"],
    ];
    for (const [body, path] of bad) {
      const answer = await acme.consume(body);
      expect([body, answer.status, answer.body.errors?.[0]?.path]).toEqual([body, 422, path]);
    }
    expect((await world.post("/v1/tenants/nobody/credits/consume", { amount: 1 })).body.code).toBe("tenant_not_found");
    expect((await acme.balance()).available).toBe(100);
  });
});

describe("grants", () => {
  it("lesson 18: one order of use over sources, and a refused write leaves no balance behind", async () => {
    const acme = await wallet([
      { amount: 10, source: "plan", reason: "plan" },
      { amount: 10, source: "purchase", reason: "bought" },
      { amount: 10, source: "promotion", reason: "promo", expires_at: "2099-01-01T00:00:00Z" },
      { amount: 10, source: "purchase", reason: "bought, expires", expires_at: "2099-01-01T00:00:00Z" },
    ]);
    const across = await acme.consume({ amount: 25 });
    expect(across.body).toMatchObject({ amount: -25, balance_after: 15, grant_id: null });
    expect(await acme.left()).toEqual({ bought: 5, plan: 10 });
    expect((await acme.balance()).by_source).toEqual({ purchase: 5, plan: 10 });
    // The ledger is written first, and balances follow it: where a row is refused, nothing has moved.
    const pool = world.owner;
    const overdrawn = `insert into credit_transfers (tenant_id, seq, leg, id, type, from_account, to_account, amount, grant_id, balance_after, at)
      select tenant_id, 99, 1, 'txn_x', 'consumed', 'available', 'consumed', 5.5, id, 0, created_at from credit_grants where tenant_id = '${acme.id}' and reason = 'bought'`;
    await expect(pool.query(overdrawn)).rejects.toThrow(/credit_grants_remaining_check/);
    await expect(
      pool.query(`update credit_wallets set available = available + 1, issued = issued - 1 where tenant_id = '${acme.id}'`),
    ).rejects.toThrow("balances move by transfers alone");
    await expect(pool.query(`update credit_grants set remaining = 10 where tenant_id = '${acme.id}'`)).rejects.toThrow(
      "by transfers alone",
    );
    await expect(pool.query("update credit_transfers set amount = 1")).rejects.toThrow("only ever added to");
    await expect(pool.query("delete from credit_transfers")).rejects.toThrow("only ever added to");
    await expect(pool.query("truncate credit_transfers")).rejects.toThrow("only ever added to");
    expect((await acme.balance()).available).toBe(15);
  });

  it("are made once a key, and counted when they are effective", async () => {
    const acme = await wallet();
    const body = { amount: 5, source: "promotion", reason: "hello", idempotency_key: "g", expires_at: "2099-01-01T00:00:00Z" };
    const first = await acme.post("grants", body);
    expect(first).toMatchObject({ status: 201, body: { amount: 5, remaining: 5, priority: 5, source: "promotion" } });
    await acme.consume({ amount: 2 });
    expect((await acme.post("grants", body)).text).toBe(first.text);
    await acme.post("grants", { amount: 7, effective_at: "2098-01-01T00:00:00Z" });
    expect(await acme.balance()).toMatchObject({ balance: 3, available: 3, upcoming: 7 });
    expect((await acme.consume({ amount: 4 })).status).toBe(402);
    expect((await acme.post("grants", { amount: 0 })).body.errors[0].path).toBe("amount");
    expect((await acme.post("grants", { amount: 1, expires_at: "2001-01-01T00:00:00Z" })).body.errors[0].path).toBe("expires_at");
    expect((await acme.events("credits.granted")).map((e: { data: { amount: number } }) => e.data.amount)).toEqual([7, 5]);
  });

  it("expire by the clock, whether or not the sweep has run, and say so before and then, once", async () => {
    const clock = await world.clock("2026-01-01T00:00:00Z");
    const acme = await wallet(
      [
        { amount: 10, source: "promotion", expires_at: "2026-01-11T00:00:00Z", reason: "soon" },
        { amount: 10, source: "purchase", reason: "bought" },
      ],
      { test_clock: clock.id },
    );
    await acme.consume({ amount: 4 });
    await clock.to("2026-01-09T00:00:00Z");
    expect(await acme.events("credits.expiring")).toMatchObject([{ occurred_at: "2026-01-08T00:00:00Z", data: { amount: 6 } }]);
    // The clock alone moves on: what is past its time cannot be spent, though nobody has written so.
    await world.billing.ctx.pool.query("update test_clocks set now_at = '2026-01-11T00:00:00Z' where id = $1", [clock.id]);
    expect(await acme.balance()).toMatchObject({ balance: 10, available: 10 });
    expect((await acme.consume({ amount: 11 })).body).toMatchObject({ code: "insufficient_credits", available: 10 });
    await clock.to("2026-01-12T00:00:00Z");
    await clock.to("2026-02-12T00:00:00Z");
    expect(await acme.events("credits.expired")).toMatchObject([{ data: { amount: 6, source: "promotion" } }]);
    expect(await acme.events("credits.expiring")).toHaveLength(1);
    expect(
      (await acme.ledger()).map((t: { type: string; amount: number; balance_after: number }) => [t.type, t.amount, t.balance_after]),
    ).toEqual([
      ["expired", -6, 10],
      ["consumed", -4, 16],
      ["granted", 10, 20],
      ["granted", 10, 10],
    ]);
  });
});

describe("low balance", () => {
  it("is told once a crossing, and again after the balance was back above", async () => {
    const acme = await wallet([{ amount: 999 }]);
    await acme.consume({ amount: 1 });
    expect(await acme.events("credits.low_balance")).toEqual([]);
    await acme.post("grants", { amount: 2 });
    await Promise.all(Array.from({ length: 10 }, () => acme.consume({ amount: 1 })));
    expect(await acme.events("credits.low_balance")).toMatchObject([{ data: { threshold: 1000 } }]);
    await acme.post("grants", { amount: 11 });
    await acme.consume({ amount: 1 });
    expect(await acme.events("credits.low_balance")).toHaveLength(1);
    await acme.consume({ amount: 1 });
    expect(await acme.events("credits.low_balance")).toHaveLength(2);
    const consumed = await acme.events("credits.consumed");
    const sum = consumed.reduce((n: number, e: { data: { count: number } }) => n + e.data.count, 0);
    expect(sum).toBe(13);
  });

  it("is told also where a hold or an expiry crosses, and after time alone has raised the balance", async () => {
    const clock = await world.clock("2026-01-01T00:00:00Z");
    const acme = await wallet([{ amount: 2_000, effective_at: "2026-02-01T00:00:00Z", expires_at: "2026-03-01T00:00:00Z" }], {
      test_clock: clock.id,
    });
    await clock.to("2026-02-02T00:00:00Z");
    await acme.consume({ amount: 1_500 });
    expect(await acme.events("credits.low_balance")).toHaveLength(1);
    await acme.post("grants", { amount: 600, expires_at: "2026-02-20T00:00:00Z" });
    await clock.to("2026-02-21T00:00:00Z");
    expect(await acme.events("credits.low_balance")).toHaveLength(2);
    await acme.post("grants", { amount: 600 });
    await acme.post("holds", { amount: 200 });
    expect(await acme.events("credits.low_balance")).toHaveLength(3);
  });
});

describe("who may", () => {
  it("consume with usage.write, grant and give with billing.write", async () => {
    const acme = await wallet([{ amount: 10 }]);
    const { secret } = await world.must("POST", "/v1/api-keys", { name: "k", scopes: ["usage.write"], tenant_id: acme.id });
    const headers = { authorization: `Bearer ${secret}` };
    expect((await acme.consume({ amount: 1 }, headers)).status).toBe(200);
    expect((await world.post(`${acme.url}/grants`, { amount: 1 }, headers)).status).toBe(403);
    expect((await world.post(`${acme.url}/transfers`, { to: "x", amount: 1 }, headers)).status).toBe(403);
    const other = await wallet([{ amount: 10 }]);
    expect((await other.consume({ amount: 1 }, headers)).status).toBe(404);
  });
});

test("credits.consumed wakes nothing: the plain consumption writes it beside the door", () => {
  expect(REACTIONS["credits.consumed"]).toBeUndefined();
});

test("lesson 31: an invoice that is paid by link brings no credits", async () => {
  const acme = await wallet([{ amount: 10, source: "purchase" }]);
  const { invoice_id: invoice } = await world.must("POST", `/v1/tenants/${acme.id}/invoice-items`, {
    description: "Work",
    amount: 5_000,
    currency: "usd",
    invoice: "own",
    collection: "send_invoice",
  });
  await world.must("POST", `/v1/tenants/${acme.id}/payment-methods/setup-intent`, { token: "tok_visa" });
  expect((await world.post(`/v1/invoices/${invoice}/pay`, {})).status).toBe(200);
  expect(await acme.balance()).toMatchObject({ balance: 10 });
  expect(await acme.ledger()).toHaveLength(1);
});

describe("the ledger", () => {
  it("is read by pages and by type", async () => {
    const acme = await wallet([{ amount: 10 }]);
    for (let i = 0; i < 5; i++) await acme.consume({ amount: 1 });
    const page = await world.must("GET", `${acme.url}/transactions?limit=4`);
    const rest = await world.must("GET", `${acme.url}/transactions?limit=4&cursor=${page.next_cursor}`);
    expect([...page.items, ...rest.items].map((t: { balance_after: number }) => t.balance_after)).toEqual([5, 6, 7, 8, 9, 10]);
    expect(rest.next_cursor).toBeNull();
    expect(await acme.ledger("&type=granted")).toHaveLength(1);
    expect((await world.get(`${acme.url}/transactions?type=refused`)).status).toBe(422);
  });
});
