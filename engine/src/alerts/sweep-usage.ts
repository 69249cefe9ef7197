/** Unusual use, by tenant and meter: a day that still runs may be too much already, one that is over too little. Ends when a whole day is as usual. */
import { ENGINE } from "../auth/principal.ts";
import { decimal } from "../billing/money/decimal.ts";
import { formatInstant } from "../billing/time/instant.ts";
import { commit } from "../commit.ts";
import type { Context } from "../context.ts";
import { onPool } from "../db/pool.ts";
import { raiseAlert, resolveAlert } from "./raise.ts";
import { rulesOf } from "./rule.ts";
import { readLasting, readRules } from "./store.ts";
import { judge, scoreOf } from "./unusual.ts";
import { type DayRow, readActive, readDays } from "./usage-store.ts";

const SLICE = 200;
const HOUR = 3_600_000;

export async function sweepUsage(ctx: Context): Promise<void> {
  const db = onPool(ctx.pool);
  const ruleFor = rulesOf(await readRules(db, "unusual_usage", null));
  const lasting = new Map((await readLasting(db)).map(({ tenant_id, subject, day }) => [`${tenant_id} ${subject}`, day]));
  const { meters } = await ctx.catalog.current();
  const byNo = new Map([...meters.values()].map((meter) => [meter.no, meter]));
  const summed = [...meters.values()].filter(({ aggregation }) => aggregation === "sum").map(({ no }) => no);
  let after = 0;
  for (;;) {
    const tenants = await readActive(db, formatInstant(ctx.clock.now()), after, SLICE);
    const today = new Map(tenants.map((tenant) => [tenant.tenant_id, tenant.today]));
    for (const row of await readDays(db, tenants, summed)) {
      const meter = byNo.get(row.meter_no);
      if (meter) await judgeDay(row, meter.key, row.day < today.get(row.tenant_id)!);
    }
    if (tenants.length < SLICE) return;
    after = tenants.at(-1)!.tenant_no;
  }

  async function judgeDay(row: DayRow, meter: string, whole: boolean): Promise<void> {
    const rule = ruleFor("unusual_usage", row.tenant_id);
    const base = { median: decimal(row.median), mad: decimal(row.mad), days: row.days };
    const value = decimal(row.value);
    const found = rule.enabled ? judge(value, whole, base, rule.settings) : null;
    const day = formatInstant(row.day * HOUR).slice(0, 10);
    const since = (way: string) => lasting.get(`${row.tenant_id} ${meter}:${way}`);
    // Only a day after the one that it was raised for ends it.
    const over = (["high", "low"] as const).filter((way) => whole && way !== found && (since(way) ?? day) < day);
    if (found === null && over.length === 0) return;
    if (found !== null && since(found) !== undefined) return;
    await commit(ctx, { principal: ENGINE, tenantId: row.tenant_id }, async (tx) => {
      for (const way of over)
        await resolveAlert(tx, "unusual_usage", row.tenant_id, `${meter}:${way}`, `The use of ${meter} is as usual again.`);
      if (found === null) return;
      await raiseAlert(tx, rule, {
        tenantId: row.tenant_id,
        subject: `${meter}:${found}`,
        summary: `The use of ${meter} on ${day} is unusually ${found}: ${value.toFixed()}, where ${base.median.toFixed()} is usual.`,
        data: { meter, direction: found, day, value, usual: base.median, deviation: base.mad, score: scoreOf(value, base), days: row.days },
      });
    });
    for (const way of over) lasting.delete(`${row.tenant_id} ${meter}:${way}`);
    if (found !== null) lasting.set(`${row.tenant_id} ${meter}:${found}`, day);
  }
}
