/** `billwright simulate` as a person runs it: a small year on a given database, and where it is refused. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorld, type World } from "./world.ts";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

interface Ended {
  code: number;
  out: string;
  err: string;
}

function simulate(args: string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [MAIN, "simulate", ...args],
      { env: { PATH: process.env.PATH, NO_COLOR: "1", ...env }, maxBuffer: 10_000_000 },
      (error, out, err) => resolve({ code: error ? Number(error.code ?? 1) : 0, out, err }),
    );
  });
}

describe("billwright simulate", () => {
  let world: World;
  const small = (seed: number) => ["--months", "1", "--tenants", "6", "--seed", String(seed), "--database", world.billing.databaseUrl];

  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.close());

  it("is refused in live mode, and with numbers that make no sense", { timeout: 240_000 }, async () => {
    const live = await simulate([], { BILLWRIGHT_MODE: "live" });
    expect([live.code, live.err]).toEqual([1, expect.stringContaining("for the sandbox")]);
    const none = await simulate(["--tenants", "0"]);
    expect([none.code, none.err]).toEqual([1, expect.stringContaining("whole number from 1 to 20000")]);
  });

  it("lives the months in the database that it is given, once a seed", { timeout: 240_000 }, async () => {
    const first = await simulate([...small(5), "--json"]);
    expect([first.code, first.err]).toEqual([0, expect.stringContaining("6 tenants, 1 months, seed 5")]);
    const year = JSON.parse(first.out);
    expect(year).toMatchObject({ ok: true, seed: 5, tenants: 6, digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(year.months).toHaveLength(1);
    expect(year.months[0]).toMatchObject({ month: "2025-01", mrr: expect.stringMatching(/^\d/) });
    expect((await world.must("GET", "/v1/tenants/sim5-0001")).time_zone).toMatch(/\//);
    const again = await simulate(small(5));
    expect([again.code, again.err]).toEqual([1, expect.stringContaining("of seed 5 already")]);
  });

  it("keeps away from other tenants until it is told otherwise", { timeout: 240_000 }, async () => {
    const refused = await simulate(small(6));
    expect([refused.code, refused.out, refused.err]).toEqual([1, "", expect.stringContaining("--beside-others")]);
    const beside = await simulate([...small(6), "--beside-others"]);
    expect([beside.code, beside.err]).toEqual([0, expect.not.stringContaining("Error")]);
    expect(beside.out).toMatch(/2025-01 .*\n/);
    expect(beside.out).toContain("The books are right");
    expect(beside.out).toMatch(/Digest of the books: [0-9a-f]{64}\n/);
  });
});
