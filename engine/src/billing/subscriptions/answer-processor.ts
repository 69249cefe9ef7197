/** From what a processor was asked to what the API answers; what is pending is asked for in between, after the write. */
import type { Tx } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { subtotalOf } from "../invoices/invoice.ts";
import { draftLineView } from "../invoices/view.ts";
import type { TenantRef } from "../tenants/cache.ts";
import { formatInstant } from "../time/instant.ts";
import type { PlanChanged } from "./change-plan.ts";
import type { Asked, Command, ProcessorName } from "./processor.ts";
import { subscriptionView } from "./view.ts";

export type Write = (action: (tx: Tx) => Promise<unknown>, options?: { status?: number }) => Promise<unknown>;

/** What the write answers, and keeps under its key: an answer, or what is still to be asked for. */
export function shown(asked: Asked & { processor: ProcessorName }, command: Command): unknown {
  if ("pending" in asked) return { pending: asked.pending, processor: asked.processor };
  if ("done" in asked) return subscriptionView(asked.done);
  return command.kind === "plan" && command.dryRun ? dryRunView(asked.changed) : subscriptionView(asked.changed.row);
}

/** The same key again asks again for what is pending, and is answered with what has become of it. */
export async function answerProcessor(ctx: Context, tenant: TenantRef, written: unknown): Promise<unknown> {
  const answer = pendingIn(written);
  if (!answer) return written;
  return subscriptionView(await ctx.processors.get(answer.processor).finish(ctx, { pending: answer.pending, tenantId: tenant.id }));
}

function pendingIn(written: unknown): { pending: string; processor: ProcessorName } | null {
  const json = (written as { json?: unknown }).json;
  const body: unknown = json === undefined ? written : JSON.parse(String(json));
  return typeof body === "object" && body !== null && "pending" in body ? (body as { pending: string; processor: ProcessorName }) : null;
}

export function dryRunView({ row, when, effectiveAt, lines }: PlanChanged) {
  const { scheduled_change: arranged } = row;
  return {
    dry_run: true,
    plan: arranged?.plan ?? row.plan_key,
    seats: arranged?.seats ?? row.seats,
    when,
    effective_at: formatInstant(effectiveAt),
    currency: row.currency,
    lines: lines.map(draftLineView),
    total: subtotalOf(lines),
  };
}
