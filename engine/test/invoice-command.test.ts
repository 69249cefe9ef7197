/** `billwright invoice` against a served engine: by number and by id, a list, one made of a period. */
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "./terminal.ts";
import { createWorld, TEST_KEY, type World } from "./world.ts";

let world: World;
let env: Record<string, string>;
beforeAll(async () => {
  world = await createWorld({ config: { port: 0 } });
  env = { BILLWRIGHT_URL: await world.billing.listen(), BILLWRIGHT_API_KEY: TEST_KEY };
  const clock = await world.clock("2026-01-01T00:00:00Z");
  await world.must("PUT", "/v1/catalog", {
    meters: [{ key: "calls", event: "call", aggregation: "count" }],
    plans: [
      {
        key: "pro",
        name: "Pro",
        currency: "usd",
        interval: "month",
        prices: [
          { key: "base", name: "Base fee", type: "flat", amount: 2_900 },
          { key: "calls", name: "Calls", type: "usage", meter: "calls", unit_amount: "33.3" },
        ],
      },
    ],
  });
  for (const id of ["acme", "globex"]) {
    await world.must("PUT", `/v1/tenants/${id}`, { name: id === "acme" ? "Acme Inc." : null, test_clock: clock.id });
    await world.must("POST", `/v1/tenants/${id}/subscription`, { plan: "pro" });
  }
  await world.must("POST", "/v1/usage", { tenant_id: "acme", event: "call", idempotency_key: "1" });
  await clock.to("2026-02-03T00:00:00Z");
});
afterAll(() => world.close());

async function invoice(...args: string[]): Promise<{ out: string; err: string; code: number }> {
  const run = await runCommand(["invoice", ...args], env);
  return { ...run, out: stripVTControlCharacters(run.out) };
}

describe("show", () => {
  test("by number, wherever it is, and by id", async () => {
    const { out, code } = await invoice("show", "INV-2026-000003");
    expect(code).toBe(0);
    expect(out).toMatch(/Invoice INV-2026-000003 +paid\n/);
    expect(out).toMatch(/Acme Inc\., on Pro · 1 Jan to 1 Feb 2026 in UTC\n/);
    expect(out).toMatch(/Calls +1 .* 0\.33\n/);
    expect(out).toMatch(/exactly 0\.333, rounded once/);
    expect(out).toMatch(/Total +USD 29\.33\n/);
    const { id } = JSON.parse((await invoice("show", "INV-2026-000003", "--tenant", "acme", "--json")).out);
    expect((await invoice("show", id)).out).toBe(out);
  });

  test("nothing where there is none", async () => {
    expect(await invoice("show", "INV-2026-000099")).toMatchObject({ code: 1, err: "There is no invoice INV-2026-000099.\n" });
    expect(await invoice("show", "INV-2026-000003", "--tenant", "globex")).toMatchObject({
      code: 1,
      err: expect.stringMatching(/of globex/),
    });
    expect(await invoice("show", "inv_01jzzzzzzzzzzzzzzzzzzzzzzz")).toMatchObject({ code: 1, err: "There is no such invoice.\n" });
  });
});

test("list: newest first, one state alone if asked", async () => {
  const { out } = await invoice("list", "--tenant", "acme");
  const rows = out.trimEnd().split("\n").slice(2);
  expect(rows).toEqual([
    expect.stringMatching(/^INV-2026-000003 +inv_\w+ +1 Jan 2026 +period +29\.33 +0\.00 +USD +paid$/),
    expect.stringMatching(/^INV-2026-000001 +inv_\w+ +1 Jan 2026 +start +29\.00 +0\.00 +USD +paid$/),
  ]);
  expect((await invoice("list", "--tenant", "acme", "--status", "void")).out).toBe("There is no invoice yet.\n");
  expect(await invoice("list", "--tenant", "nobody")).toMatchObject({ code: 1, err: 'There is no tenant "nobody".\n' });
});

test("make: the invoice of a period, once", async () => {
  const period = ["--tenant", "globex", "--period-start", "2026-02-01T00:00:00Z", "--period-end", "2026-03-01T00:00:00Z"];
  const first = JSON.parse((await invoice("make", ...period, "--json")).out);
  expect(first).toMatchObject({ tenant_id: "globex", reason: "period", number: "INV-2026-000005" });
  expect((await invoice("make", ...period)).out).toMatch(/Invoice INV-2026-000005 .*\n +globex, on Pro/);
  const wrong = await invoice(
    "make",
    "--tenant",
    "globex",
    "--period-start",
    "2026-02-02T00:00:00Z",
    "--period-end",
    "2026-03-01T00:00:00Z",
  );
  expect(wrong).toMatchObject({ code: 1, err: expect.stringMatching(/the one around it is 2026-02-01T00:00:00Z to 2026-03-01/) });
});
