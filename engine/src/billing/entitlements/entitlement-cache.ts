/**
 * The cache in the process (docs/decisions/0012-fresh-checks.md). Terms are kept until they change, which the database tells every
 * node; counters move with this process's own usage and are read again when another node has stored some. While nothing can be
 * heard from the database, nothing is kept: slower, not wrong.
 */
import { LRUCache } from "lru-cache";
import { type Clock, stopwatch } from "../../clock.ts";
import { onPlatform, type Pool } from "../../db/pool.ts";
import { tenantNotFound } from "../../errors.ts";
import { toJson } from "../../http/json.ts";
import { newId } from "../../ids.ts";
import { parseLossless } from "../../lossless.ts";
import type { CatalogCache } from "../catalog/cache.ts";
import type { Decimal } from "../money/decimal.ts";
import type { TenantCache, TenantRef } from "../tenants/cache.ts";
import type { UsageEvent } from "../usage/event.ts";
import { readQuantities } from "../usage/quantity.ts";
import type { CheckAnswer } from "./answer.ts";
import { batched } from "./batch.ts";
import type { EntitlementCache, Signals } from "./cache.ts";
import { type Check, decide } from "./decide.ts";
import { addUsage, type Counter, checkOf, countedOf, inherit, type Kept, type KeptFeature, keep, moveTo } from "./kept.ts";
import { featureNotFound, givenAt } from "./read-account.ts";
import type { Account } from "./standing.ts";
import { readAccounts } from "./store.ts";
import { createUsageLog } from "./usage-log.ts";

export interface Around {
  clock: Clock;
  catalog: CatalogCache;
  tenants: TenantCache;
  signals: Signals;
  onError(error: unknown): void;
}

/** What is heard of other nodes. */
export interface Hearer {
  up(): void;
  down(): void;
  terms(payload: string): void;
  usage(payload: string): void;
  /** The same for what is heard of usage by other means than the database. */
  usageUp(): void;
  usageDown(): void;
}

// A tenant is some 5 KB with its limits: 250 MB at the most.
const MAX_TENANTS = 50_000;
// The nets under what the nodes tell each other: nothing that is answered from memory is older.
const MAX_TERMS_AGE_MS = 60_000;
const MAX_COUNTER_AGE_MS = 10_000;
// From these ages on they are read again beside the answer, so that nobody waits for it.
const REFRESH_TERMS_AGE_MS = 30_000;
const REFRESH_AGE_MS = 5_000;

function answerOf(check: Check): CheckAnswer {
  return Object.freeze(parseLossless(toJson(check)) as CheckAnswer);
}

export function createEntitlementCache(pool: Pool, around: Around): EntitlementCache & Hearer {
  const { clock, catalog, tenants, signals, onError } = around;
  const db = onPlatform(pool);
  const age = stopwatch();
  const byNo = new Map<number, Kept>();
  const kept = new LRUCache<string, Kept>({
    max: MAX_TENANTS,
    dispose: (gone) => {
      if (byNo.get(gone.given.account.tenant.no) === gone) byNo.delete(gone.given.account.tenant.no);
    },
  });
  const loading = new Map<string, Promise<Kept>>();
  const readAccount = batched<TenantRef, Account>((refs) => readAccounts(db, refs));
  const readCounter = batched<{ tenantNo: number; counter: Counter }, Decimal>(async (asks) => {
    const answers = await readQuantities(
      db,
      asks.map(({ tenantNo, counter }) => ({ tenantNo, meter: counter.meter, ...counter.period })),
    );
    return answers.map(([answer]) => answer!.value);
  });
  let hears = false;
  let hearsUsage = true;
  let tick = 0;
  // What this node told itself is no news to it.
  const self = newId("request");
  const log = createUsageLog(
    catalog,
    (pairs) =>
      signals.tell(
        "usage",
        pairs.map((some) => `${self} ${some}`),
      ),
    onError,
  );

  /** What is kept and holds at this moment. */
  function current(tenantId: string, at: number): Kept | null {
    if (!hears) return null;
    const found = kept.get(tenantId);
    if (!found || at - found.loadedAt > MAX_TERMS_AGE_MS) return null;
    const now = found.clock ?? clock.now();
    if (now < found.from || now >= found.until) return null;
    if (at - found.loadedAt > REFRESH_TERMS_AGE_MS && !loading.has(tenantId)) begin(tenantId).catch(onError);
    return found;
  }

  async function find(tenantId: string): Promise<Kept> {
    const found = current(tenantId, age()) ?? (hears ? loading.get(tenantId) : undefined);
    const got = await (found ?? begin(tenantId));
    // A window may have ended while another one's read was waited for.
    return (got.clock ?? clock.now()) < got.until ? got : begin(tenantId);
  }

  function begin(tenantId: string): Promise<Kept> {
    const mine: Promise<Kept> = load(tenantId).then((fresh) => {
      // Forgotten while it was read: good for those who asked before, and for nobody after.
      if (hears && loading.get(tenantId) === mine) {
        const before = kept.get(tenantId);
        if (before) inherit(fresh, before);
        kept.set(tenantId, fresh);
        byNo.set(fresh.given.account.tenant.no, fresh);
      }
      return fresh;
    });
    loading.set(tenantId, mine);
    const end = () => void (loading.get(tenantId) === mine && loading.delete(tenantId));
    mine.then(end, end);
    return mine;
  }

  async function load(tenantId: string): Promise<Kept> {
    if (!hears) tenants.forget(tenantId);
    const tenant = await tenants.find(tenantId);
    if (!tenant) throw tenantNotFound(tenantId);
    const loadedAt = age();
    const snapshot = await catalog.current({ fresh: !hears });
    const now = await tenants.now(tenant);
    const account = await readAccount(tenant);
    return keep(await givenAt({ catalog }, snapshot, account, now), now, loadedAt);
  }

  /** The value at this moment, from memory where it is there and young enough. */
  function usedOf(owner: Kept, counter: Counter): Decimal | Promise<Decimal> {
    const old = age() - counter.readAt;
    if (counter.value === null || old > MAX_COUNTER_AGE_MS || !hears || !hearsUsage) return refresh(owner, counter);
    if (old > REFRESH_AGE_MS && counter.reading === null) refresh(owner, counter).catch(onError);
    return counter.value;
  }

  function refresh(owner: Kept, counter: Counter): Promise<Decimal> {
    if (counter.reading && hears && hearsUsage) return counter.reading;
    const { version } = counter;
    const startedAt = age();
    const mine = readCounter({ tenantNo: owner.given.account.tenant.no, counter }).then((value) => {
      if (counter.version === version && hears && hearsUsage) {
        if (counter.value === null || !counter.value.eq(value)) moveTo(counter, value);
        counter.readAt = startedAt;
        counter.tick = ++tick;
      }
      return value;
    });
    const end = () => {
      if (counter.reading === mine) counter.reading = null;
    };
    mine.then(end, end);
    counter.reading = mine;
    return mine;
  }

  function featureOf(owner: Kept, feature: string): KeptFeature {
    const found = owner.features.get(feature);
    if (!found) throw featureNotFound(feature);
    return found;
  }

  /** A feature that can be answered from memory. */
  function settled(tenantId: string, name: string): KeptFeature | null {
    const at = age();
    const feature = current(tenantId, at)?.features.get(name);
    if (!feature || (!hearsUsage && feature.counters.length > 0)) return null;
    for (const { value, readAt } of feature.counters) if (value === null || at - readAt > REFRESH_AGE_MS) return null;
    return feature;
  }

  async function checkSlowly(tenantId: string, name: string, quantity: Decimal | null): Promise<Check> {
    let owner = await find(tenantId);
    // A feature that another node has just made: the catalog is asked once more.
    if (!owner.features.has(name) && (await catalog.current({ fresh: true })).features.has(name)) {
      forget(tenantId);
      owner = await find(tenantId);
    }
    const feature = featureOf(owner, name);
    const used = await Promise.all(feature.counters.map((counter) => usedOf(owner, counter)));
    return decide(feature.grant, countedOf(feature, used), quantity);
  }

  function forget(tenantId: string | null): void {
    if (tenantId === null) {
      log.catalogChanged();
      loading.clear();
      kept.clear();
      return;
    }
    loading.delete(tenantId);
    kept.delete(tenantId);
  }

  function stored(since: number | null, events: readonly UsageEvent[], known: ReadonlySet<number>): void {
    events.forEach((event, place) => {
      if (known.has(place)) return;
      const owner = byNo.get(event.tenant.no);
      for (const { meter, value } of event.readings) {
        log.add(event, meter.no);
        for (const counter of owner?.counters.get(meter.no) ?? []) addUsage(counter, event, value, since);
      }
    });
  }

  return {
    async check(tenantId, name, quantity) {
      const feature = settled(tenantId, name);
      return feature ? checkOf(feature, quantity) : checkSlowly(tenantId, name, quantity);
    },
    answer(tenantId, name) {
      const feature = settled(tenantId, name);
      if (!feature) return checkSlowly(tenantId, name, null).then(answerOf);
      // The promise is kept with the answer: a new one for each would be much of what a check costs.
      feature.answer ??= Promise.resolve(answerOf(checkOf(feature, null)));
      return feature.answer;
    },
    async checkText(tenantId, name) {
      const feature = settled(tenantId, name);
      if (!feature) return toJson(await checkSlowly(tenantId, name, null));
      feature.text ??= toJson(checkOf(feature, null));
      return feature.text;
    },
    async state(tenantId) {
      const owner = await find(tenantId);
      const features = [...owner.features.values()];
      const used = await Promise.all(features.map(({ counters }) => Promise.all(counters.map((counter) => usedOf(owner, counter)))));
      const checks = features.map(
        (feature, i) => [feature.grant.feature.key, decide(feature.grant, countedOf(feature, used[i]!), null)] as const,
      );
      return { given: owner.given, checks: new Map(checks) };
    },
    forget,
    forgetClock(testClockId) {
      for (const [id, { given }] of kept) if (given.account.tenant.testClockId === testClockId) forget(id);
      // Whose clock is being read is not known yet.
      loading.clear();
    },
    async invalidate(tenantId) {
      tenants.forget(tenantId);
      forget(tenantId);
      await signals.tell("terms", [tenantId]);
    },
    begin: () => ({ since: ++tick }),
    stored: (storing, events, known) => stored(storing?.since ?? null, events, known),
    evaluateBy: log.evaluateBy,
    settled: log.settled,
    close: log.close,
    up() {
      catalog.invalidate();
      forget(null);
      hears = true;
    },
    down() {
      hears = false;
      forget(null);
    },
    usageUp() {
      forget(null);
      hearsUsage = true;
    },
    usageDown() {
      hearsUsage = false;
    },
    terms(payload) {
      if (payload.startsWith("clock ")) return this.forgetClock(payload.slice(6));
      if (payload === "catalog" || payload === "*") {
        catalog.invalidate();
        return forget(null);
      }
      for (const id of payload.split(",")) {
        tenants.forget(id);
        forget(id);
      }
    },
    usage(payload) {
      const [from, pairs] = payload.split(" ", 2) as [string, string];
      if (from === self) return;
      if (pairs === "*") return forget(null);
      for (const pair of pairs.split(",")) {
        const [tenantNo, meterNo] = pair.split(":", 2).map((text) => Number.parseInt(text, 10)) as [number, number];
        for (const counter of byNo.get(tenantNo)?.counters.get(meterNo) ?? []) moveTo(counter, null);
      }
    },
  };
}
