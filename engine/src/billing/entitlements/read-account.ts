/** From what is stored of a tenant to what it is given: read whole from the database, for whoever must be exact and for the cache. */
import type { Database } from "../../db/pool.ts";
import { Refusal } from "../../errors.ts";
import type { CatalogCache, CatalogSnapshot } from "../catalog/cache.ts";
import type { Plan } from "../catalog/plan.ts";
import type { Instant } from "../time/instant.ts";
import { windowAt } from "../time/window.ts";
import { readQuantities } from "../usage/quantity.ts";
import type { Counted } from "./decide.ts";
import { type Grant, grantsOf } from "./grant.ts";
import { type Account, type Standing, standingAt } from "./standing.ts";

/** What a tenant is given at an instant. */
export interface Given {
  account: Account;
  standing: Standing;
  plan: Plan | null;
  grants: ReadonlyMap<string, Grant>;
}

export async function givenAt(around: { catalog: CatalogCache }, catalog: CatalogSnapshot, account: Account, now: Instant): Promise<Given> {
  const standing = standingAt(account.subscription, now);
  const { bought, cause } = standing;
  const plan = bought ? await around.catalog.plan(bought.key, bought.version) : defaultPlan(catalog.plans, account.tenant.currency);
  return { account, standing, plan, grants: grantsOf({ catalog, plan, cause, overrides: account.overrides }, now) };
}

/** The one in the tenant's currency, else the first. */
export function defaultPlan(all: ReadonlyMap<string, Plan>, currency: string | null): Plan | null {
  const plans = [...all.values()].filter((plan) => plan.isDefault && !plan.archived);
  return plans.find((plan) => currency !== null && plan.currencies.includes(currency)) ?? plans[0] ?? null;
}

/** What is used in the window of each limit that runs at `now`, by the code that invoices count with. One answer a grant. */
export async function countGrants(db: Database, asked: readonly { given: Given; grant: Grant; now: Instant }[]): Promise<Counted[][]> {
  const all = asked.flatMap(({ given, grant, now }, place) =>
    grant.meter === null
      ? []
      : grant.limits.map((limit) => {
          const { tenant } = given.account;
          const period = windowAt(limit.window, tenant.timeZone, now, given.standing.period);
          return { place, limit, period, ask: { tenantNo: tenant.no, meter: grant.meter!, start: period.start, end: period.end } };
        }),
  );
  const answers = await readQuantities(
    db,
    all.map(({ ask }) => ask),
  );
  const counted: Counted[][] = asked.map(() => []);
  all.forEach(({ place, limit, period }, i) => {
    counted[place]!.push({ limit, period, used: answers[i]![0]!.value });
  });
  return counted;
}

export function featureNotFound(feature: string): Refusal {
  return new Refusal("feature_not_found", `There is no feature ${JSON.stringify(feature.slice(0, 100))}.`);
}
