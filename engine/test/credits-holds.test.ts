/** Holds and gifts of credits over HTTP. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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

describe("holds", () => {
  it("reserve, are captured in part, and give back the rest", async () => {
    const acme = await wallet([
      { amount: 60, source: "promotion", reason: "a" },
      { amount: 60, source: "purchase", reason: "b" },
    ]);
    const hold = await acme.post("holds", { amount: 100, idempotency_key: "h" });
    expect(hold).toMatchObject({ status: 201, body: { status: "open", amount: 100, captured: 0 } });
    expect(await acme.balance()).toMatchObject({ balance: 120, held: 100, available: 20 });
    expect((await acme.consume({ amount: 21 })).status).toBe(402);
    const path = `holds/${hold.body.id}/capture`;
    expect(await acme.post(path, { amount: 101 })).toMatchObject({ status: 409, body: { code: "conflict" } });
    const captured = await acme.post(path, { amount: 70, idempotency_key: "c" });
    expect(captured).toMatchObject({ status: 200, body: { status: "captured", captured: 70 } });
    expect((await acme.post(path, { amount: 70, idempotency_key: "c" })).text).toBe(captured.text);
    expect(await acme.post(path, { amount: 70 })).toMatchObject({ status: 409, body: { code: "invalid_state" } });
    expect(await acme.post(`holds/${hold.body.id}/release`)).toMatchObject({ status: 409 });
    expect((await acme.post("holds", { amount: 100, idempotency_key: "h" })).text).toBe(hold.text);
    expect(await acme.balance()).toMatchObject({ balance: 50, held: 0, available: 50 });
    expect(await acme.left()).toEqual({ b: 50 });
    expect(
      (await acme.ledger()).map((t: { type: string; amount: number; balance_after: number }) => [t.type, t.amount, t.balance_after]),
    ).toEqual([
      ["released", 30, 50],
      ["consumed", -70, 50],
      ["held", -100, 120],
      ["granted", 60, 120],
      ["granted", 60, 60],
    ]);
  });

  it("are released, and refused for good where there is too little", async () => {
    const acme = await wallet([{ amount: 10 }]);
    expect(await acme.post("holds", { amount: 11, idempotency_key: "x" })).toMatchObject({
      status: 402,
      body: { required: 11, available: 10 },
    });
    await acme.post("grants", { amount: 10 });
    expect((await acme.post("holds", { amount: 11, idempotency_key: "x" })).status).toBe(402);
    const { body: hold } = await acme.post("holds", { amount: 20, expires_in: 60 });
    expect((await acme.post(`holds/${hold.id}/release`, { idempotency_key: "r" })).body).toMatchObject({ status: "released" });
    expect((await acme.post(`holds/${hold.id}/release`, { idempotency_key: "r" })).body).toMatchObject({ status: "released" });
    expect((await acme.balance()).available).toBe(20);
    expect((await acme.post("holds/hold_none/capture")).status).toBe(404);
    expect((await acme.post("holds", { amount: 1, expires_in: 5, expires_at: "2099-01-01T00:00:00Z" })).body.errors[0].path).toBe(
      "expires_in",
    );
  });

  it("are over at their time, whether or not the sweep has run", async () => {
    const clock = await world.clock("2026-01-01T00:00:00Z");
    const acme = await wallet([{ amount: 10, expires_at: "2026-01-01T02:00:00Z" }, { amount: 5 }], { test_clock: clock.id });
    const { body: hold } = await acme.post("holds", { amount: 12, expires_in: 3_600 });
    expect(hold.expires_at).toBe("2026-01-01T01:00:00Z");
    await world.billing.ctx.pool.query("update test_clocks set now_at = '2026-01-01T01:00:00Z' where id = $1", [clock.id]);
    expect(await acme.balance()).toMatchObject({ available: 15, held: 0 });
    expect(await acme.post(`holds/${hold.id}/capture`)).toMatchObject({ status: 409, body: { hold_status: "expired" } });
    expect((await acme.consume({ amount: 15 })).status).toBe(200);
    // A hold keeps what it has of a grant that expires meanwhile, and what it gives back then is gone.
    const other = await wallet([{ amount: 10, expires_at: "2026-01-01T03:00:00Z" }], { test_clock: clock.id });
    const { body: kept } = await other.post("holds", { amount: 8 });
    await clock.to("2026-01-01T04:00:00Z");
    expect(await other.balance()).toMatchObject({ available: 0, held: 8 });
    expect((await other.post(`holds/${kept.id}/capture`, { amount: 5 })).body).toMatchObject({ captured: 5 });
    await clock.to("2026-01-01T05:00:00Z");
    expect(await other.balance()).toMatchObject({ balance: 0, held: 0 });
  });
});

describe("gifts", () => {
  it("move whole value with its time, split where it must be, once a key", async () => {
    const acme = await wallet([
      { amount: 10, source: "promotion", expires_at: "2098-01-01T00:00:00Z", reason: "p" },
      { amount: 10, source: "purchase", reason: "b" },
    ]);
    const friend = await wallet();
    const gift = { to: friend.id, amount: 15, idempotency_key: "gift", reason: "thanks" };
    const first = await acme.post("transfers", gift);
    expect(first).toMatchObject({ status: 201, body: { type: "transferred", amount: -15, balance_after: 5 } });
    expect((await acme.post("transfers", gift)).text).toBe(first.text);
    expect(await acme.left()).toEqual({ b: 5 });
    const { grants, available } = await friend.balance();
    expect(available).toBe(15);
    expect(grants).toMatchObject([
      { amount: 10, source: "promotion", priority: 5, expires_at: "2098-01-01T00:00:00Z" },
      { amount: 5, source: "purchase", priority: 10, expires_at: null },
    ]);
    expect((await friend.ledger())[0]).toMatchObject({ type: "transferred", amount: 15, balance_after: 15 });
    expect((await acme.post("transfers", { to: acme.id, amount: 1 })).body.errors[0].path).toBe("to");
    expect((await acme.post("transfers", { to: "nobody", amount: 1 })).body.errors[0].path).toBe("to");
    expect(await acme.post("transfers", { to: friend.id, amount: 6, idempotency_key: "more" })).toMatchObject({ status: 402 });
    const clock = await world.clock("2026-01-01T00:00:00Z");
    const elsewhere = await wallet([], { test_clock: clock.id });
    expect((await acme.post("transfers", { to: elsewhere.id, amount: 1 })).status).toBe(409);
  });

  it("cross each other without waiting in a ring", async () => {
    const [a, b] = [await wallet([{ amount: 100 }]), await wallet([{ amount: 100 }])];
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        i % 2 ? a.post("transfers", { to: b.id, amount: 1 }) : b.post("transfers", { to: a.id, amount: 1 }),
      ),
    );
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([201]));
    expect([(await a.balance()).available, (await b.balance()).available]).toEqual([100, 100]);
  });
});
