/**
 * Which tenants used something that limits read, since it was last looked at. Storing usage costs an entry in a map; telling the
 * other nodes and looking at limits come after, for many at once: a NOTIFY holds up every other commit of the database for its moment.
 */
import { sleep } from "../../clock.ts";
import type { CatalogCache } from "../catalog/cache.ts";
import type { TenantRef } from "../tenants/cache.ts";
import type { UsageEvent } from "../usage/event.ts";
import type { Used } from "./cache.ts";

export interface UsageLog {
  add(event: UsageEvent, meterNo: number): void;
  catalogChanged(): void;
  evaluateBy(evaluate: (used: readonly Used[]) => Promise<void>): void;
  settled(): Promise<void>;
  close(): Promise<void>;
}

interface Entry {
  tenant: TenantRef;
  meterNo: number;
  minutes: Set<number>;
}

const TELL_EVERY_MS = 100;
const EVALUATE_EVERY_MS = 500;
// Of old usage sent in bulk, the newest windows are looked at.
const MAX_MINUTES = 256;
// Beyond it, telling each is more than forgetting all.
const MAX_TOLD = 5_000;
const PAIRS_A_PAYLOAD = 300;
const MINUTE_US = 60_000_000;
// Numbers of meters are far below it: the pair makes one exact number.
const METERS = 1_048_576;

/** `tell` gets `<tenant no>:<meter no>` with commas between, in parts that fit a payload, or `*`. */
export function createUsageLog(
  catalog: CatalogCache,
  tell: (pairs: readonly string[]) => Promise<void>,
  onError: (error: unknown) => void,
): UsageLog {
  let entries = new Map<number, Entry>();
  let untold = new Set<number>();
  // The meters that features read; null: not known, and each may be one.
  let limited: ReadonlySet<number> | null = null;
  let evaluate: (used: readonly Used[]) => Promise<void> = async () => undefined;
  let running: Promise<void> | null = null;
  let closed = false;

  async function readLimited(): Promise<ReadonlySet<number>> {
    const { features, meters } = await catalog.current();
    limited = new Set([...features.values()].flatMap((feature) => meters.get(feature.meter ?? "")?.no ?? []));
    return limited;
  }

  async function tellOthers(): Promise<void> {
    const told = untold;
    untold = new Set();
    const meters = await readLimited();
    const pairs = [...told].filter((pair) => meters.has(pair % METERS)).map((pair) => `${Math.floor(pair / METERS)}:${pair % METERS}`);
    if (pairs.length === 0) return;
    const payloads = pairs.length > MAX_TOLD ? ["*"] : [];
    for (let i = 0; i < pairs.length && pairs.length <= MAX_TOLD; i += PAIRS_A_PAYLOAD)
      payloads.push(pairs.slice(i, i + PAIRS_A_PAYLOAD).join(","));
    await tell(payloads);
  }

  async function look(): Promise<void> {
    const used = entries;
    entries = new Map();
    const meters = await readLimited();
    const some = [...used.values()].filter(({ meterNo }) => meters.has(meterNo));
    if (some.length > 0) await evaluate(some);
  }

  async function run(): Promise<void> {
    for (let waited = 0; !closed && (untold.size > 0 || entries.size > 0); waited += TELL_EVERY_MS) {
      await sleep(TELL_EVERY_MS);
      // What could not be told is covered by the age of counters, what could not be looked at by the sweep.
      if (untold.size > 0) await tellOthers().catch(onError);
      if (waited % EVALUATE_EVERY_MS === 0 && entries.size > 0) await look().catch(onError);
    }
  }

  function start(): void {
    running ??= run().finally(() => {
      running = null;
      if (!closed && (untold.size > 0 || entries.size > 0)) start();
    });
  }

  return {
    add({ tenant, atUs }, meterNo) {
      if (limited !== null && !limited.has(meterNo)) return;
      const pair = tenant.no * METERS + meterNo;
      let entry = entries.get(pair);
      if (!entry) {
        entry = { tenant, meterNo, minutes: new Set() };
        entries.set(pair, entry);
      }
      untold.add(pair);
      const minute = Math.floor(atUs / MINUTE_US);
      if (entry.minutes.size >= MAX_MINUTES && !entry.minutes.has(minute)) entry.minutes.delete(entry.minutes.values().next().value!);
      entry.minutes.add(minute);
      start();
    },
    catalogChanged() {
      limited = null;
    },
    evaluateBy(by) {
      evaluate = by;
    },
    async settled() {
      while (running !== null) await running;
    },
    async close() {
      closed = true;
      await running;
      // The sweep of another node, or of the next start, looks at the rest; what is known now is not left to it.
      if (entries.size > 0) await look().catch(onError);
    },
  };
}
