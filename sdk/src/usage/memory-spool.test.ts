import { expect, test } from "vitest";
import { type KeyValueStore, memorySpool } from "./memory-spool.ts";

/** A storage as browsers have it. */
function storage(): KeyValueStore & { size(): number } {
  const held = new Map<string, string>();
  return {
    get length() {
      return held.size;
    },
    size: () => held.size,
    key: (index) => [...held.keys()][index] ?? null,
    getItem: (key) => held.get(key) ?? null,
    setItem: (key, value) => void held.set(key, value),
    removeItem: (key) => void held.delete(key),
  };
}
const limits = { maxBytes: 1_000, whenFull: "reject" as const, onDropped: () => undefined };
const max = { count: 10, bytes: 1_000 };

test("what a page recorded and could not send, the next page sends, in order", async () => {
  const store = storage();
  const first = await memorySpool(store)(limits, () => undefined);
  for (const line of ["1", "2", "3"]) await first.append(line);
  await first.done({ lines: (await first.next({ count: 1, bytes: 1_000 })).lines, mark: 1 });
  await first.close();
  const second = await memorySpool(store)(limits, () => undefined);
  const batch = await second.next(max);
  expect(batch.lines).toEqual(["2", "3"]);
  await second.done(batch);
  expect([second.pending, store.size()]).toEqual([0, 0]);
});

test("queues of other names are left alone, and without a storage nothing is kept", async () => {
  const store = storage();
  await (await memorySpool(store, "a")(limits, () => undefined)).append("1");
  expect((await memorySpool(store, "b")(limits, () => undefined)).pending).toBe(0);
  expect((await memorySpool(null)(limits, () => undefined)).isDurable).toBe(false);
});
