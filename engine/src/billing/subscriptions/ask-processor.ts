/** Asks whoever runs the tenant's subscription, by the same words for all. */
import type { Tx } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import type { TenantRef } from "../tenants/cache.ts";
import type { PlanChanged } from "./change-plan.ts";
import type { Asked, Command, Processor, ProcessorName } from "./processor.ts";
import { findCurrent } from "./store.ts";

/** The one that its subscription is at; the engine where it has none, which says so. */
export async function processorOf(ctx: Context, tenantId: string): Promise<Processor> {
  const row = await findCurrent(onPool(ctx.pool), tenantId);
  return ctx.processors.get(row?.processor ?? "engine");
}

export async function askProcessor(
  tx: Tx,
  tenant: TenantRef,
  command: Command,
  starts?: ProcessorName,
): Promise<Asked & { processor: ProcessorName }> {
  const processor = starts ?? (await findCurrent(tx, tenant.id))?.processor ?? "engine";
  return { ...(await tx.ctx.processors.get(processor).ask(tx, tenant, command)), processor };
}

/** null: the change is to be asked for, and answers its lines itself. */
export async function previewChange(
  ctx: Context,
  tenant: TenantRef,
  command: Extract<Command, { kind: "plan" }>,
): Promise<PlanChanged | null> {
  return (await processorOf(ctx, tenant.id)).preview(ctx, tenant, command);
}
