/**
 * The catalog in the process: one snapshot for each revision. Reading it costs nothing; at most once a second somebody
 * asks the database whether there is a newer one. This age is measured by a stopwatch, since it has to do with no tenant's time.
 */
import { stopwatch } from "../../clock.ts";
import { type Database, onPool, type Pool } from "../../db/pool.ts";
import { Refusal } from "../../errors.ts";
import type { CatalogCache, CatalogSnapshot } from "./cache.ts";
import type { ItemKind } from "./canonical.ts";
import type { CouponDocument } from "./coupon-schema.ts";
import type { CreditEventDocument, CreditProductDocument, FeatureDocument, MeterDocument } from "./document.ts";
import type { Meter } from "./meter.ts";
import {
  parseCoupon,
  parseCreditEvent,
  parseCreditProduct,
  parseFeature,
  parseMeter,
  parsePlan,
  parseTaxRate,
  type Stored,
} from "./parse.ts";
import type { Plan } from "./plan.ts";
import { findPlanVersion, type ItemRow, type PlanRow, readItems, readPlans, readRevision, readSoldMeters } from "./store.ts";
import type { TaxRateDocument } from "./tax-rate-schema.ts";

const MAX_AGE_MS = 1_000;

export function createCatalogCache(pool: Pool, options: { defaultTrialDays?: number } = {}): CatalogCache {
  const db = onPool(pool);
  const trialDays = options.defaultTrialDays ?? 14;
  let snapshot: CatalogSnapshot | null = null;
  let age = stopwatch();
  let stale = true;
  // What is being read now. A reader who must see what is there now starts after it, not with it.
  let reading: Promise<CatalogSnapshot> | null = null;
  let versions = new Map<string, Promise<Plan>>();

  async function read(): Promise<CatalogSnapshot> {
    const started = stopwatch();
    stale = false;
    try {
      const revision = await readRevision(db);
      if (snapshot === null || snapshot.revision < revision) {
        const loaded = await load(db, trialDays);
        // Two reads can cross after an invalidation: the catalog never goes back.
        if (snapshot === null || snapshot.revision < loaded.revision) {
          snapshot = loaded;
          versions = new Map();
        }
      }
      age = started;
      return snapshot;
    } catch (error) {
      stale = true;
      throw error;
    }
  }

  function start(): Promise<CatalogSnapshot> {
    const mine = read().finally(() => {
      if (reading === mine) reading = null;
    });
    reading = mine;
    return mine;
  }

  return {
    async current({ fresh = false } = {}) {
      if (fresh) {
        await reading?.catch(() => undefined);
        return reading ?? start();
      }
      if (snapshot && !stale && age() < MAX_AGE_MS) return snapshot;
      return reading ?? start();
    },
    plan(key, version) {
      const name = `${key}@${version}`;
      let plan = versions.get(name);
      if (!plan) {
        plan = readVersion(db, key, version, trialDays);
        const kept = versions;
        plan.catch(() => kept.delete(name));
        versions.set(name, plan);
      }
      return plan;
    },
    invalidate() {
      stale = true;
      // A read that is under way may have begun before the change.
      reading = null;
    },
  };
}

async function readVersion(db: Database, key: string, version: number, trialDays: number): Promise<Plan> {
  const row = await findPlanVersion(db, key, version);
  if (!row) throw new Refusal("plan_not_found", `There is no plan ${JSON.stringify(key)} of version ${version}.`);
  return parsePlan(planOf(row), trialDays);
}

// The revision is read before the rows: what changes between them is read again with the next revision.
async function load(db: Database, trialDays: number): Promise<CatalogSnapshot> {
  const revision = await readRevision(db);
  const items = await readItems(db);
  const plans = (await readPlans(db)).map((row) => parsePlan(planOf(row), trialDays));
  const of = <T, R extends { key: string }>(kind: ItemKind, parse: (stored: Stored<T>) => R): ReadonlyMap<string, R> =>
    new Map(items.filter((item) => item.kind === kind).map((item) => [item.key, parse(itemOf<T>(item))]));
  const meters = of<MeterDocument, Meter>("meter", parseMeter);
  const sold = await readSoldMeters(db);
  const active = [...meters.values()].filter((meter) => !meter.archived || sold.has(meter.key));
  return {
    revision,
    meters,
    metersByEvent: Map.groupBy(active, (meter) => meter.event),
    plans: new Map(plans.map((plan) => [plan.key, plan])),
    features: of<FeatureDocument, ReturnType<typeof parseFeature>>("feature", parseFeature),
    creditEvents: of<CreditEventDocument, ReturnType<typeof parseCreditEvent>>("credit_event", parseCreditEvent),
    creditProducts: of<CreditProductDocument, ReturnType<typeof parseCreditProduct>>("credit_product", parseCreditProduct),
    coupons: of<CouponDocument, ReturnType<typeof parseCoupon>>("coupon", parseCoupon),
    taxRates: of<TaxRateDocument, ReturnType<typeof parseTaxRate>>("tax_rate", parseTaxRate),
  };
}

function itemOf<T>(row: ItemRow): Stored<T> {
  return { no: row.no, body: row.body as T, archived: row.archived_at !== null, used: row.used_at !== null };
}

function planOf(row: PlanRow) {
  return { key: row.key, version: row.version, head: row.head, terms: row.terms, archived: row.archived_at !== null };
}
