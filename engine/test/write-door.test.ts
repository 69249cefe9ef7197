/** The write door: one order of events that a follower can trust, jobs with their cause, refusals that leave nothing. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENGINE } from "../src/auth/principal.ts";
import { sleep } from "../src/clock.ts";
import { commit } from "../src/commit.ts";
import { onPool } from "../src/db/pool.ts";
import { Refusal } from "../src/errors.ts";
import { BEGINNING, followEvents, type Position } from "../src/events/history.ts";
import { createWorld, type World } from "./world.ts";

describe("the write door", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ config: { databasePoolSize: 12 } });
    await world.must("PUT", "/v1/tenants/t", {});
  });
  afterAll(() => world.close());

  const happen = (n: number, wait: number) =>
    commit(world.billing.ctx, { principal: ENGINE, tenantId: "t" }, async (tx) => {
      tx.emit({ type: "usage.aggregated", tenantId: "t", subject: String(n), summary: `number ${n}`, data: { n } });
      // Some transactions take long after their number was drawn: COPY draws it at the end, so this one holds an earlier xid.
      await tx.query("select pg_current_xact_id()::text as xid");
      await sleep(wait);
    });

  it("lets a follower see every event once, in one order, while writers overlap", async () => {
    const db = onPool(world.billing.ctx.pool);
    const seen: string[] = [];
    let position: Position = BEGINNING;
    let writing = true;
    const follow = async () => {
      const rows = await followEvents(db, position, 7);
      for (const row of rows) if (row.type === "usage.aggregated") seen.push(row.subject!);
      const last = rows.at(-1);
      if (last) position = { xid: last.xid, seq: last.seq };
      return rows.length;
    };
    const follower = (async () => {
      while (writing) {
        await follow();
        await sleep(1);
      }
      // Transactions of other databases of the server hold followers back, too: none is not yet the end.
      while (seen.length < 120) if ((await follow()) === 0) await sleep(5);
      expect(await follow()).toBe(0);
    })();
    const numbers = Array.from({ length: 120 }, (_, n) => n);
    const lanes = Array.from({ length: 6 }, async (_, lane) => {
      for (const n of numbers.filter((number) => number % 6 === lane)) await happen(n, (n * 7) % 23);
    });
    await Promise.all(lanes);
    writing = false;
    await follower;
    expect(seen).toHaveLength(120);
    expect(new Set(seen).size).toBe(120);
    const inOrder = await db.query<{ subject: string }>(
      "select subject from billing_events where tenant_id = 't' and type = 'usage.aggregated' order by xid, seq",
    );
    expect(seen).toEqual(inOrder.map((row) => row.subject));
  });

  it("writes a job with its cause, and neither without the other", async () => {
    const jobs = async () =>
      (await onPool(world.owner).query<{ n: number }>("select count(*)::int as n from graphile_worker.jobs where key = 'door-test'"))[0]!.n;
    const attempt = (fails: boolean) =>
      commit(world.billing.ctx, { principal: ENGINE, tenantId: "t" }, async (tx) => {
        tx.enqueue({ name: "forget-old-answers", key: "door-test" });
        tx.emit({ type: "usage.aggregated", tenantId: "t", subject: "door", summary: "door", data: {} });
        if (fails) throw new Refusal("conflict", "no");
      });
    await expect(attempt(true)).rejects.toThrow("no");
    expect(await jobs()).toBe(0);
    await attempt(false);
    await attempt(false);
    expect(await jobs()).toBe(1);
    const { items } = await world.must("GET", "/v1/tenants/t/events?type=usage.aggregated");
    expect(items.filter((item: { subject: string }) => item.subject === "door")).toHaveLength(2);
  });

  it("retries a deadlock, and the action runs again from the start", async () => {
    await world.must("PUT", "/v1/tenants/u", {});
    let runs = 0;
    const cross = (first: string, second: string) =>
      commit(world.billing.ctx, { principal: ENGINE, tenantId: first, across: true }, async (tx) => {
        runs += 1;
        await tx.query("update tenants set name = 'x' where id = $1 /* tenant_id */", [first]);
        await sleep(60);
        await tx.query("update tenants set name = 'y' where id = $1 /* tenant_id */", [second]);
      });
    await Promise.all([cross("t", "u"), cross("u", "t")]);
    expect(runs).toBeGreaterThan(2);
  });

  it("fixes one now by the tenant's clock", async () => {
    const clock = await world.clock("2031-05-01T00:00:00Z");
    await world.must("PUT", "/v1/tenants/later", { test_clock: clock.id });
    const now = await commit(world.billing.ctx, { principal: ENGINE, tenantId: "later" }, async (tx) => tx.now);
    expect(now).toBe(Date.parse("2031-05-01T00:00:00Z"));
    await expect(commit(world.billing.ctx, { principal: ENGINE, tenantId: "nobody" }, async () => 1)).rejects.toMatchObject({
      code: "tenant_not_found",
    });
  });
});
