/** The history of a tenant, and the order that followers read in. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { onPool } from "../src/db/pool.ts";
import { BEGINNING, followEvents } from "../src/events/history.ts";
import { createWorld, type World } from "./world.ts";

const COUNT = 120;
let world: World;

beforeAll(async () => {
  world = await createWorld();
  // One event to make it, one for each change.
  for (let i = 0; i < COUNT; i++) await world.must("PUT", "/v1/tenants/acme", { name: `Acme ${i}` });
});
afterAll(() => world.close());

test("a tenant's history is newest first, over pages and past 9, 99", async () => {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await world.must("GET", `/v1/tenants/acme/events?limit=50${cursor ? `&cursor=${cursor}` : ""}`);
    ids.push(...page.items.map((event: { id: string }) => event.id));
    cursor = page.next_cursor;
  } while (cursor);
  expect(ids).toHaveLength(COUNT);
  // Ids of one process sort in the order they were made.
  expect(ids).toEqual(ids.toSorted().reverse());
});

test("followers meet every event once, in the order of the transactions", async () => {
  const ids: string[] = [];
  let position = BEGINNING;
  for (;;) {
    const rows = await followEvents(onPool(world.billing.ctx.pool), position, 7);
    ids.push(...rows.map((row) => row.id));
    const last = rows.at(-1);
    if (!last) break;
    position = { xid: last.xid, seq: last.seq };
  }
  expect(ids.length).toBeGreaterThanOrEqual(COUNT);
  expect(ids).toEqual(ids.toSorted());
  expect(new Set(ids).size).toBe(ids.length);
});
