/** Looks at the limits of what was used, after the fact: plain usage is never refused by a limit, but it counts, and is announced. */
import { LRUCache } from "lru-cache";
import { ENGINE } from "../../auth/principal.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPlatform } from "../../db/pool.ts";
import type { Instant } from "../time/instant.ts";
import { windowAt } from "../time/window.ts";
import { readQuantities } from "../usage/quantity.ts";
import { announceLimits, findingsOf, type Reached } from "./announce.ts";
import type { Used } from "./cache.ts";
import type { Counted } from "./decide.ts";
import { findNotices, type Notice } from "./notice-store.ts";
import { type Given, givenAt } from "./read-account.ts";
import { readAccounts } from "./store.ts";

const MINUTE = 60_000;
const CHUNK = 200;

/** What was announced, so that most evaluations ask the database nothing of it. */
const announced = new WeakMap<Context["pool"], LRUCache<string, true>>();

export async function evaluateLimits(ctx: Context, used: readonly Used[]): Promise<void> {
  for (let from = 0; from < used.length; from += CHUNK) await evaluateSome(ctx, used.slice(from, from + CHUNK));
}

async function evaluateSome(ctx: Context, used: readonly Used[]): Promise<void> {
  const seen = seenOf(ctx);
  const isNew = ({ notice }: { notice: Notice }) => !seen.has(nameOf(notice));
  const found = findingsOf(await countUsed(ctx, used), ctx.config.usage.limitWarningPercent).filter(isNew);
  if (found.length === 0) return;
  const known = await findNotices(
    onPlatform(ctx.pool),
    found.map(({ notice }) => notice),
  );
  const fresh = found.filter((_one, place) => !known.has(place));
  for (const [tenantId, findings] of Map.groupBy(fresh, ({ reached }) => reached.tenant.id)) {
    const reached = [...new Set(findings.map((one) => one.reached))];
    await commit(ctx, { principal: ENGINE, tenantId }, (tx) => announceLimits(tx, reached));
  }
  for (const { notice } of found) seen.set(nameOf(notice), true);
}

/** What is used in each window that the usage fell in, of each limit that reads it. */
async function countUsed(ctx: Context, used: readonly Used[]): Promise<Reached[]> {
  const db = onPlatform(ctx.pool);
  const catalog = await ctx.catalog.current();
  const tenants = new Map(used.map(({ tenant }) => [tenant.id, tenant]));
  const givens = new Map<number, Given>();
  for (const account of await readAccounts(db, [...tenants.values()])) {
    givens.set(account.tenant.no, await givenAt(ctx, catalog, account, await ctx.tenants.now(account.tenant)));
  }
  const all = used.flatMap(({ tenant, meterNo, minutes }) => {
    const given = givens.get(tenant.no)!;
    const grants = [...given.grants.values()].filter((grant) => grant.meter?.no === meterNo && grant.denied === null);
    return grants.flatMap((grant) => {
      const windows = new Map<string, Omit<Counted, "used">>();
      for (const limit of grant.limits) {
        if (limit.amount === null) continue;
        for (const minute of minutes) {
          const period = windowHolding(given, limit.window, minute * MINUTE);
          if (period) windows.set(`${limit.window} ${period.start}`, { limit, period });
        }
      }
      return [...windows.values()].map((window) => ({ tenant, grant, window }));
    });
  });
  const answers = await readQuantities(
    db,
    all.map(({ tenant, grant, window }) => ({ tenantNo: tenant.no, meter: grant.meter!, ...window.period })),
  );
  return all.map(({ tenant, grant, window }, i) => ({ tenant, grant, counted: [{ ...window, used: answers[i]![0]!.value }] }));
}

/** null: the usage belongs to a billing period that is over, whose limits may have been others. */
function windowHolding({ account, standing }: Given, window: Counted["limit"]["window"], at: Instant) {
  const period = windowAt(window, account.tenant.timeZone, at, standing.period);
  return at + MINUTE > period.start && at < period.end ? period : null;
}

function seenOf(ctx: Context): LRUCache<string, true> {
  let own = announced.get(ctx.pool);
  if (!own) {
    own = new LRUCache({ max: 100_000 });
    announced.set(ctx.pool, own);
  }
  return own;
}

function nameOf({ tenantNo, feature, window, start, amount, threshold }: Notice): string {
  return `${tenantNo} ${feature} ${window} ${start} ${amount} ${threshold}`;
}
