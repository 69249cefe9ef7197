/**
 * What Stripe says later of usage that it took: which of it its meters could not use. The webhook names only an event, which is read there;
 * it tells how many there were, and some of them by their identifiers. Those are marked, and said to their tenants; the others to the operator.
 */
import { createHash } from "node:crypto";
import { ENGINE } from "../../auth/principal.ts";
import { formatInstant } from "../../billing/time/instant.ts";
import { commit, commitAnswer } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPlatform } from "../../db/pool.ts";
import { inner, isObject, itemsIn, type Json, optionalText, optionalWhole } from "./fields.ts";
import { ownersOf, type RefusedUsage, refuseMeterEvents } from "./meter-store.ts";
import type { StripeParts } from "./parts.ts";

const MOST_NAMED = 20;

export async function refuseUsage(ctx: Context, parts: StripeParts, eventId: string): Promise<{ tenantId: string } | string> {
  const event = await parts.client.call("v2.core.events.retrieve", "v2.core.event", (stripe) => stripe.v2.core.events.retrieve(eventId));
  const report = readReport("data" in event ? event.data : null);
  const owners = await ownersOf(
    onPlatform(ctx.pool),
    report.samples.map(({ identifier }) => identifier),
  );
  const byTenant = Map.groupBy(
    report.samples.filter(({ identifier }) => owners.has(identifier)),
    ({ identifier }) => owners.get(identifier)!,
  );
  for (const [tenantId, samples] of byTenant) await refuse(ctx, tenantId, samples);
  const unknown = report.count - [...byTenant.values()].reduce((sum, samples) => sum + samples.length, 0);
  if (unknown > 0) await sayUnnamed(ctx, eventId, report, unknown);
  const [first] = byTenant.keys();
  return first === undefined
    ? `Of ${report.count} usage events that Stripe could not use, none is named that was sent from here.`
    : { tenantId: first };
}

interface ErrorReport {
  count: number;
  summary: string;
  samples: readonly RefusedUsage[];
}

function readReport(data: unknown): ErrorReport {
  const whole: Json = isObject(data) ? data : {};
  const reason = inner(whole, "reason") ?? {};
  const samples = new Map<string, RefusedUsage>();
  for (const type of itemsIn(reason.error_types)) {
    const code = optionalText(type, "code") ?? "unknown";
    for (const sample of itemsIn(type.sample_errors)) {
      const identifier = optionalText(inner(sample, "request") ?? {}, "identifier");
      if (identifier !== null) samples.set(identifier, { identifier, code, error: optionalText(sample, "error_message") ?? code });
    }
  }
  return {
    count: Math.max(Number(optionalWhole(reason, "error_count") ?? 0n), samples.size),
    summary: optionalText(whole, "developer_message_summary") ?? "no summary",
    samples: [...samples.values()],
  };
}

/** What is marked already was said. */
async function refuse(ctx: Context, tenantId: string, samples: readonly RefusedUsage[]): Promise<void> {
  await commit(ctx, { principal: ENGINE, tenantId, source: "stripe" }, async (tx) => {
    const marked = await refuseMeterEvents(tx, tenantId, samples);
    const [first] = marked;
    if (!first) return;
    tx.emit({
      type: "usage.refused",
      tenantId,
      subject: null,
      summary: `${marked.length === 1 ? "A usage event was" : `${marked.length} usage events were`} taken by Stripe, but will not be billed there: ${first.error}`,
      data: {
        processor: "stripe",
        events: marked.slice(0, MOST_NAMED).map((row) => ({
          meter: row.event_name,
          identifier: row.identifier,
          at: formatInstant(row.at),
          code: row.refused_code,
          reason: row.error,
        })),
        count: marked.length,
      },
    });
  });
}

async function sayUnnamed(ctx: Context, eventId: string, { summary }: ErrorReport, count: number): Promise<void> {
  const idempotency = { scope: "stripe", key: eventId, fingerprint: createHash("sha256").update(eventId).digest() };
  await commitAnswer(ctx, { principal: ENGINE, source: "stripe", idempotency }, async (tx) => {
    tx.emit({
      type: "usage.refused",
      tenantId: null,
      subject: null,
      summary: `Stripe could not use ${count} usage events that it does not name: ${summary}`,
      data: { processor: "stripe", events: [], count, event: eventId },
    });
    return { status: 200, body: null };
  });
}
