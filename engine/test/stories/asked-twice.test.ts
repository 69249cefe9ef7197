/** The same request again: one effect, one answer (API: Conventions, idempotency). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorld, type World } from "../world.ts";

describe("the same request again", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
    await world.must("PUT", "/v1/catalog", {
      plans: [{ key: "p", name: "P", currency: "usd", interval: "month", prices: [{ key: "base", type: "flat", amount: 100 }] }],
    });
    for (const id of ["a", "b", "c"]) await world.must("PUT", `/v1/tenants/${id}`, { currency: "usd" });
  });
  afterAll(() => world.close());

  const key = (value: string) => ({ "idempotency-key": value });

  it("answers with the first answer and says that it is a replay", async () => {
    const first = await world.post("/v1/tenants/a/subscription", { plan: "p" }, key("k1"));
    const second = await world.post("/v1/tenants/a/subscription", { plan: "p" }, key("k1"));
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.text).toBe(first.text);
    expect(first.headers["idempotent-replayed"]).toBeUndefined();
    expect(second.headers["idempotent-replayed"]).toBe("true");
    expect((await world.must("GET", "/v1/tenants/a/invoices")).items).toHaveLength(1);
  });

  it("refuses the key for another body", async () => {
    const answer = await world.post("/v1/tenants/a/subscription", { plan: "p", seats: 2 }, key("k1"));
    expect([answer.status, answer.body.code]).toEqual([409, "idempotency_key_reused"]);
  });

  it("gives a refusal again, and leaves nothing of it", async () => {
    const first = await world.post("/v1/tenants/a/subscription", { plan: "p" }, key("k2"));
    const second = await world.post("/v1/tenants/a/subscription", { plan: "p" }, key("k2"));
    expect([first.status, first.body.code]).toEqual([409, "already_subscribed"]);
    expect([second.status, second.body.code, second.headers["idempotent-replayed"]]).toEqual([409, "already_subscribed", "true"]);
    expect(second.headers["content-type"]).toContain("application/problem+json");
  });

  it("races itself: one runs, the others are told or get its answer", async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => world.post("/v1/tenants/b/subscription", { plan: "p" }, key("k3"))));
    const made = answers.filter((answer) => answer.status === 201);
    const told = answers.filter((answer) => answer.body.code === "idempotency_in_progress");
    expect(made.length).toBeGreaterThanOrEqual(1);
    expect(made.length + told.length).toBe(12);
    expect(new Set(made.map((answer) => answer.body.id)).size).toBe(1);
    expect((await world.must("GET", "/v1/tenants/b/invoices")).items).toHaveLength(1);
  });

  it("without a key, two starts at once make one subscription", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => world.post("/v1/tenants/c/subscription", { plan: "p" })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, ...Array(7).fill(409)]);
    expect((await world.must("GET", "/v1/tenants/c/invoices")).items).toHaveLength(1);
  });

  it.each([
    ["", 422],
    ["x".repeat(256), 422],
    ["\u00e9", 422],
  ])("refuses the key %j", async (value, status) => {
    const answer = await world.post("/v1/tenants/c/subscription", { plan: "p" }, key(value));
    expect(answer.status).toBe(status);
    expect(answer.body.errors[0].path).toBe("Idempotency-Key");
  });
});
