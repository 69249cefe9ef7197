/** Grants to many tenants in one request: an answer a row, and the same request again does what is missing and nothing twice. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { onPool } from "../src/db/pool.ts";
import { createWorld, type World } from "./world.ts";

const MANY = 10_000;

describe("grants in bulk", () => {
  let world: World;

  beforeAll(async () => {
    world = await createWorld();
    await onPool(world.billing.ctx.pool).query(
      "insert into tenants (id, created_at, updated_at) select 'm' || n, '2026-01-01', '2026-01-01' from generate_series(1, $1) n",
      [MANY],
    );
  });
  afterAll(() => world.close());

  const wallets = async (pattern: string) => {
    const [row] = await onPool(world.billing.ctx.pool).query<{ n: number; available: string; grants: number }>(
      `select count(*)::int as n, coalesce(sum(available), 0)::text as available,
         (select count(*)::int from credit_grants where tenant_id like $1) as grants from credit_wallets where tenant_id like $1`,
      [pattern],
    );
    return [row!.n, Number(row!.available), row!.grants];
  };

  it("reach 10,000 tenants, and again nobody", { timeout: 120_000 }, async () => {
    const body = {
      source: "promotion",
      amount: "2.5",
      reason: "launch",
      grants: [...Array(MANY).keys()].map((n) => ({ tenant_id: `m${n + 1}` })),
    };
    const first = await world.post("/v1/credits/grants", { ...body, grants: body.grants.slice(0, 4_000), idempotency_key: "launch" });
    expect(first.body).toMatchObject({ granted: 4_000, replayed: 0, refused: 0 });
    const rest = await world.post("/v1/credits/grants", { ...body, idempotency_key: "launch" });
    expect(rest.body).toMatchObject({ granted: 6_000, replayed: 4_000, refused: 0 });
    expect(rest.body.results[0]).toMatchObject({
      index: 0,
      tenant_id: "m1",
      status: "replayed",
      grant_id: first.body.results[0].grant_id,
      amount: 2.5,
    });
    const again = await world.post("/v1/credits/grants", { ...body, idempotency_key: "launch" });
    expect(again.body).toMatchObject({ granted: 0, replayed: MANY, refused: 0 });
    expect(await wallets("m%")).toEqual([MANY, 25_000, MANY]);
  });

  it("say of each row what became of it; unknown tenants hold nobody up", async () => {
    for (const id of ["a", "b"]) await world.must("PUT", `/v1/tenants/${id}`, {});
    const grants = [
      { tenant_id: "a", amount: 5, idempotency_key: "k" },
      { tenant_id: "nobody", amount: 5 },
      { tenant_id: "b" },
      { tenant_id: "b" },
      { tenant_id: "a", amount: 6, idempotency_key: "k" },
    ];
    const send = () => world.post("/v1/credits/grants", { amount: 1, source: "adjustment", grants });
    const { body } = await send();
    expect(body).toMatchObject({ granted: 3, replayed: 0, refused: 2 });
    expect(body.results.map((row: { status: string; code: string | null }) => [row.status, row.code])).toEqual([
      ["granted", null],
      ["refused", "tenant_not_found"],
      ["granted", null],
      ["granted", null],
      ["refused", "idempotency_key_reused"],
    ]);
    expect((await send()).body).toMatchObject({ granted: 0, replayed: 3, refused: 2 });
    expect(await wallets("a")).toEqual([1, 5, 1]);
    expect(await wallets("b")).toEqual([1, 2, 2]);
  });

  it("refuse what is not valid whole, naming the row", async () => {
    const tries: [object, string][] = [
      [{ grants: [{ tenant_id: "a" }] }, "grants[0].amount"],
      [
        {
          grants: [
            { tenant_id: "a", amount: 1 },
            { tenant_id: "b", amount: 0 },
          ],
        },
        "grants[1].amount",
      ],
      [{ amount: 1, grants: [] }, "grants"],
      [{ amount: 1, source: "gift", grants: [{ tenant_id: "a" }] }, "source"],
      [{ amount: 1, effective_at: "2026-02-01T00:00:00Z", expires_at: "2026-01-01T00:00:00Z", grants: [{ tenant_id: "a" }] }, "expires_at"],
    ];
    for (const [body, path] of tries) {
      const answer = await world.post("/v1/credits/grants", body);
      expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([422, path]);
    }
    expect(await wallets("a")).toEqual([1, 5, 1]);
  });
});
