/**
 * Credits asked for at the edges, as somebody would who doubts: amounts beyond what can be written, the past, what is not one's own, the
 * same again after its time, two at once. Each is refused by a word on its field, and the books stay as they were.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CATALOG, walletOf } from "./credits-wallet.ts";
import { type Answer, createWorld, type World } from "./world.ts";

let world: World;
const wallet = (...rest: [grants?: object[], fields?: object]) => walletOf(world, ...rest);
beforeAll(async () => {
  world = await createWorld();
  await world.must("PUT", "/v1/catalog", CATALOG);
});
afterAll(async () => {
  const report = await world.must("GET", "/v1/credits/verify");
  await world.close();
  expect(report.checks.filter((check: { wrong: number }) => check.wrong > 0)).toEqual([]);
});

const NINES = "9".repeat(40);
/** As they stand in a body. */
const NO_AMOUNTS = [
  ...["0", '"0"', "0.0", "-1", '"-1"', "-0", "1e-13", "0.0000000000001", '"0.0000000000001"', "0.1234567890123", "1e26", "1e30", "1e400"],
  ...[
    NINES,
    `"${NINES}"`,
    `"1.${NINES}"`,
    `0.${NINES}`,
    '"1e3"',
    '"abc"',
    '""',
    '" 1"',
    '"+1"',
    '".5"',
    '"5."',
    '"٣"',
    "null",
    "true",
    "[]",
    "{}",
  ],
];

const pathsOf = ({ body }: Answer): string[] => (body.errors ?? []).map((fault: { path: string }) => fault.path);

describe("amounts", () => {
  it("that are none are refused wherever one is asked for, and the books stay as they were", async () => {
    const acme = await wallet([{ amount: 100 }]);
    const friend = await wallet();
    const { body: hold } = await acme.post("holds", { amount: 10 });
    const before = (await world.get(`${acme.url}/transactions`)).text;
    const places: [url: string, body: (amount: string) => string, path: string][] = [
      [`${acme.url}/grants`, (amount) => `{"amount":${amount}}`, "amount"],
      [`${acme.url}/consume`, (amount) => `{"amount":${amount}}`, "amount"],
      [`${acme.url}/consume`, (amount) => `{"event_name":"ai_inference","quantity":${amount}}`, "quantity"],
      [`${acme.url}/holds`, (amount) => `{"amount":${amount}}`, "amount"],
      [`${acme.url}/transfers`, (amount) => `{"to":"${friend.id}","amount":${amount}}`, "amount"],
      ["/v1/credits/grants", (amount) => `{"grants":[{"tenant_id":"${acme.id}","amount":${amount}}]}`, "grants[0].amount"],
      ["/v1/credits/grants", (amount) => `{"amount":${amount},"grants":[{"tenant_id":"${acme.id}"}]}`, "amount"],
    ];
    for (const [url, body, path] of places) {
      for (const amount of NO_AMOUNTS) {
        const answer = await world.post(url, body(amount));
        expect([url, amount, answer.status, pathsOf(answer)[0]]).toEqual([url, amount, 422, path]);
      }
    }
    for (const amount of NO_AMOUNTS.filter((one) => one !== "null")) {
      const answer = await world.post(`${acme.url}/holds/${hold.id}/capture`, `{"amount":${amount}}`);
      expect([amount, answer.status, pathsOf(answer)[0]]).toEqual([amount, 422, "amount"]);
    }
    expect((await world.get(`${acme.url}/transactions`)).text).toBe(before);
  });

  it("at the edge are kept to the digit", async () => {
    const acme = await wallet();
    for (const amount of ["1e-9", "1e-12", "0.000000000001", '"99999999999999999999999999.999999999999"', "1E2", "1e25"]) {
      expect([amount, (await world.post(`${acme.url}/grants`, `{"amount":${amount}}`)).status]).toEqual([amount, 201]);
    }
    expect((await world.get(acme.url)).text).toContain('"available":110000000000000000000000100.000000001001');
    expect((await acme.consume({ amount: "0.000000001001" })).text).toContain('"balance_after":110000000000000000000000100,');
  });
});

describe("what is refused", () => {
  it("names the field: the past, bounds, names, keys, forms", async () => {
    const acme = await wallet([{ amount: 100, idempotency_key: "used" }]);
    const past = "2001-01-01T00:00:00Z";
    const tries: [path: string, body: object, status: number, field: string][] = [
      ["grants", { amount: 1, expires_at: past }, 422, "expires_at"],
      ["grants", { amount: 1, effective_at: "2099-01-01T00:00:00Z", expires_at: "2099-01-01T00:00:00Z" }, 422, "expires_at"],
      ["grants", { amount: 1, expires_at: "2099-02-30T00:00:00Z" }, 422, "expires_at"],
      ["grants", { amount: 1, priority: -1 }, 422, "priority"],
      ["grants", { amount: 1, priority: 256 }, 422, "priority"],
      ["grants", { amount: 1, priority: 1.5 }, 422, "priority"],
      ["grants", { amount: 1, source: "gift" }, 422, "source"],
      ["grants", { amount: 1, idempotency_key: "k".repeat(256) }, 422, "idempotency_key"],
      ["grants", { amount: 1, reason: "r".repeat(501) }, 422, "reason"],
      ["grants", { amount: 2, idempotency_key: "used" }, 409, "idempotency_key"],
      ["consume", { amount: 100, idempotency_key: "used" }, 409, "idempotency_key"],
      ["consume", { event_name: "nothing" }, 422, "event_name"],
      ["consume", { event_name: "__proto__" }, 422, "event_name"],
      ["consume", { event_name: "export" }, 422, "event_name"],
      ["consume", { event_name: "AI" }, 422, "event_name"],
      ["holds", { amount: 1, expires_at: past }, 422, "expires_at"],
      ["holds", { amount: 1, expires_in: 0 }, 422, "expires_in"],
      ["holds", { amount: 1, expires_in: 1.5 }, 422, "expires_in"],
      ["holds", { amount: 1, idempotency_key: "used" }, 409, "idempotency_key"],
      ["transfers", { amount: 1, to: acme.id }, 422, "to"],
      ["transfers", { amount: 1, to: "nobody" }, 422, "to"],
      ["transfers", { amount: 1, to: "a b" }, 422, "to"],
      ["transfers", { amount: 1 }, 422, "to"],
    ];
    for (const [path, body, status, field] of tries) {
      const answer = await acme.post(path, body);
      expect([path, body, answer.status, pathsOf(answer)]).toEqual([path, body, status, [field]]);
      expect(String(answer.headers["content-type"])).toContain("application/problem+json");
    }
    expect((await acme.balance()).available).toBe(100);
    expect(await acme.ledger()).toHaveLength(1);
  });

  it("is every row of a bulk grant that would have expired; what was granted before is answered still", async () => {
    const clock = await world.clock("2026-01-01T00:00:00Z");
    const [early, late] = [await wallet([], { test_clock: clock.id }), await wallet()];
    const body = {
      amount: 5,
      expires_at: "2026-02-01T00:00:00Z",
      idempotency_key: "spring",
      grants: [{ tenant_id: early.id }, { tenant_id: late.id }],
    };
    const expected = [
      { status: "granted", code: null },
      { status: "refused", code: "invalid_request", detail: "expires_at: must lie after now and after effective_at" },
    ];
    expect((await world.must("POST", "/v1/credits/grants", body)).results).toMatchObject(expected);
    await clock.to("2026-03-01T00:00:00Z");
    expect((await world.must("POST", "/v1/credits/grants", body)).results).toMatchObject([{ status: "replayed" }, expected[1]!]);
    expect(await late.balance()).toMatchObject({ balance: 0, grants: [] });
  });
});

describe("the same again", () => {
  it("answers as before also when its time is past", async () => {
    const clock = await world.clock("2026-01-01T00:00:00Z");
    const acme = await wallet([{ amount: 100 }], { test_clock: clock.id });
    const grant = { amount: 5, expires_at: "2026-01-02T00:00:00Z", idempotency_key: "g" };
    const hold = { amount: 5, expires_at: "2026-01-02T00:00:00Z", idempotency_key: "h" };
    const [granted, held] = [await acme.post("grants", grant), await acme.post("holds", hold)];
    expect([granted.status, held.status]).toEqual([201, 201]);
    await clock.to("2026-01-03T00:00:00Z");
    for (const [path, body, first] of [["grants", grant, granted] as const, ["holds", hold, held] as const]) {
      const again = await acme.post(path, body);
      expect([again.status, again.text, again.headers["idempotent-replayed"]]).toEqual([201, first.text, "true"]);
      expect(await acme.post(path, { ...body, idempotency_key: "other" })).toMatchObject({ status: 422 });
    }
  });

  it("of a capture and a release says that it is a replay", async () => {
    const acme = await wallet([{ amount: 100 }]);
    for (const how of ["capture", "release"]) {
      const { body } = await acme.post("holds", { amount: 5 });
      const first = await acme.post(`holds/${body.id}/${how}`, { idempotency_key: how });
      const again = await acme.post(`holds/${body.id}/${how}`, { idempotency_key: how });
      expect([first.headers["idempotent-replayed"], again.headers["idempotent-replayed"]]).toEqual([undefined, "true"]);
      expect(again.text).toBe(first.text);
    }
  });
});

describe("a hold", () => {
  it("is nobody else's, gives no more than it has, and is read and listed as it stands", async () => {
    const clock = await world.clock("2026-01-01T00:00:00Z");
    const [acme, other] = [await wallet([{ amount: 100 }], { test_clock: clock.id }), await wallet([{ amount: 100 }])];
    const { body: first } = await acme.post("holds", { amount: 10, expires_in: 60 });
    const { body: second } = await acme.post("holds", { amount: 20 });
    for (const path of [`holds/${first.id}/capture`, `holds/${first.id}/release`])
      expect(await other.post(path)).toMatchObject({ status: 404, body: { code: "not_found" } });
    expect((await world.get(`${other.url}/holds/${first.id}`)).status).toBe(404);
    const more = await acme.post(`holds/${first.id}/capture`, { amount: "10.000000000001" });
    expect([more.status, more.body.code, pathsOf(more)]).toEqual([409, "conflict", ["amount"]]);
    const list = async (query = "") => {
      const { items, next_cursor: next } = await world.must("GET", `${acme.url}/holds${query}`);
      return [items.map((one: { id: string; status: string }) => [one.id, one.status]), next];
    };
    expect((await list())[0]).toEqual([
      [second.id, "open"],
      [first.id, "open"],
    ]);
    const [page, next] = await list("?limit=1");
    expect([page, (await list(`?limit=1&cursor=${next}`))[0]]).toEqual([[[second.id, "open"]], [[first.id, "open"]]]);
    // By the clock, whether or not the sweep has closed it.
    await world.billing.ctx.pool.query("update test_clocks set now_at = '2026-01-01T00:01:00Z' where id = $1", [clock.id]);
    expect(await world.must("GET", `${acme.url}/holds/${first.id}`)).toMatchObject({ status: "expired", amount: 10, captured: 0 });
    expect((await list("?status=open"))[0]).toEqual([[second.id, "open"]]);
    expect((await list("?status=expired"))[0]).toEqual([[first.id, "expired"]]);
    expect(pathsOf(await world.get(`${acme.url}/holds?status=shut`))).toEqual(["status"]);
    expect(pathsOf(await world.get(`${acme.url}/holds?cursor=${Buffer.from('["x","y"]').toString("base64url")}`))).toEqual(["cursor"]);
  });

  it("that is captured, released and over at once ends once", async () => {
    const clock = await world.clock("2026-01-01T00:00:00Z");
    const acme = await wallet([{ amount: 100 }], { test_clock: clock.id });
    for (let round = 1; round <= 6; round++) {
      const { body: hold } = await acme.post("holds", { amount: 10, expires_in: 60 });
      const before = (await acme.balance()).balance;
      const [captured, released, again] = await Promise.all([
        acme.post(`holds/${hold.id}/capture`, { amount: 4 }),
        acme.post(`holds/${hold.id}/release`),
        acme.post(`holds/${hold.id}/capture`, { amount: 4 }),
        // The sweep comes at its end, meanwhile.
        clock.to(new Date(Date.UTC(2026, 0, 1, 0, round)).toISOString()),
      ]);
      const done = [captured, released, again].filter(({ status }) => status === 200);
      expect(done.length).toBeLessThanOrEqual(1);
      for (const answer of [captured, released, again].filter(({ status }) => status !== 200))
        expect(answer).toMatchObject({ status: 409, body: { code: "invalid_state" } });
      const took = done[0]?.body.status === "captured" ? 4 : 0;
      expect(await acme.balance()).toMatchObject({ balance: before - took, held: 0, available: before - took });
    }
  });

  it("that is over gives back what is left of a purchase that was refunded, and shows no more before it does", async () => {
    const clock = await world.clock("2026-01-01T00:00:00Z");
    await world.must("PUT", "/v1/credit-products/hundred", { credits: 100, amount: 1_000, currency: "usd" });
    const acme = await wallet([], { currency: "usd", test_clock: clock.id });
    const tenant = `/v1/tenants/${acme.id}`;
    await world.must("POST", `${tenant}/payment-methods/setup-intent`, { token: "tok_visa" });
    const bought = await world.must("POST", `${acme.url}/purchases`, { product: "hundred" });
    await acme.post("holds", { amount: 80, expires_in: 60 });
    await world.must("POST", `/v1/invoices/${bought.invoice_id}/refunds`, { amount: 500 });
    expect(await acme.balance()).toMatchObject({ available: 0, held: 80 });
    await world.billing.ctx.pool.query("update test_clocks set now_at = '2026-01-01T00:01:00Z' where id = $1", [clock.id]);
    expect(await acme.balance()).toMatchObject({ available: 50, held: 0, balance: 50 });
    await clock.to("2026-01-01T00:02:00Z");
    expect(await acme.balance()).toMatchObject({ available: 50, held: 0, balance: 50 });
  });
});
