/** Says that a limit is near or reached: once a limit, window and threshold, whoever finds it first. */
import type { Tx } from "../../commit.ts";
import { type Decimal, decimal } from "../money/decimal.ts";
import type { TenantRef } from "../tenants/cache.ts";
import { type Counted, stateOf, thresholdsAt } from "./decide.ts";
import type { Grant } from "./grant.ts";
import { insertNotices, type Notice } from "./notice-store.ts";

export interface Reached {
  tenant: TenantRef;
  grant: Grant;
  counted: readonly Counted[];
  /** What was used before, of each limit; only what has been passed since is looked at. */
  before?: readonly Decimal[];
}

interface Finding {
  notice: Notice;
  reached: Reached;
  counted: Counted;
}

/** What there is to announce by what is used, whether it has been announced or not. */
export function findingsOf(all: readonly Reached[], warningPercent: number): Finding[] {
  const percent = decimal(warningPercent);
  return all.flatMap((reached) =>
    reached.counted.flatMap((counted, i) => {
      const { limit, period, used } = counted;
      if (limit.amount === null) return [];
      const passed = reached.before ? thresholdsAt(limit.amount, reached.before[i]!, percent) : [];
      return thresholdsAt(limit.amount, used, percent)
        .filter((threshold) => !passed.includes(threshold))
        .map((threshold) => ({
          reached,
          counted,
          notice: {
            tenantNo: reached.tenant.no,
            feature: reached.grant.feature.key,
            window: limit.window,
            ...period,
            amount: limit.amount!.toFixed(),
            threshold,
          },
        }));
    }),
  );
}

export async function announceLimits(tx: Tx, all: readonly Reached[]): Promise<void> {
  const findings = findingsOf(all, tx.ctx.config.usage.limitWarningPercent);
  if (findings.length === 0) return;
  const fresh = await insertNotices(
    tx,
    findings.map(({ notice }) => notice),
  );
  for (const place of fresh) emitFinding(tx, findings[place]!);
}

function emitFinding(tx: Tx, { notice, reached, counted }: Finding): void {
  const { feature, window, threshold } = notice;
  const used = `${counted.used.toFixed()} of ${notice.amount}`;
  tx.emit({
    type: threshold === "reached" ? "usage.limit_reached" : "usage.limit_approaching",
    tenantId: reached.tenant.id,
    subject: feature,
    summary:
      threshold === "reached"
        ? `The limit of ${feature} in the ${window} is reached: ${used}.`
        : `The limit of ${feature} in the ${window} is near: ${used}.`,
    data: { feature, meter: reached.grant.meter!.key, ...stateOf(counted) },
  });
}
