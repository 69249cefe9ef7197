/** The engine as processor: everything is done in the write itself. */
import { cancelSubscription } from "../../billing/subscriptions/cancel.ts";
import { changePlan } from "../../billing/subscriptions/change-plan.ts";
import { pauseSubscription } from "../../billing/subscriptions/pause.ts";
import type { Asked, Processor } from "../../billing/subscriptions/processor.ts";
import { resumeSubscription } from "../../billing/subscriptions/resume.ts";
import { revokeCancellation } from "../../billing/subscriptions/revoke-cancellation.ts";
import { startSubscription } from "../../billing/subscriptions/start.ts";
import { previewUpcoming } from "../../billing/subscriptions/upcoming.ts";
import { updateSubscription } from "../../billing/subscriptions/update-subscription.ts";
import { onPool } from "../../db/pool.ts";
import { withOutside } from "../../outside.ts";

export const engineProcessor: Processor = {
  name: "engine",

  async ask(tx, tenant, command): Promise<Asked> {
    const tenantId = tenant.id;
    switch (command.kind) {
      case "start":
        return { done: await startSubscription(tx, { tenant, ...command }) };
      case "update":
        return { done: await updateSubscription(tx, { tenantId, ...command }) };
      case "plan":
        return { changed: await changePlan(tx, { tenantId, ...command }) };
      case "cancel":
        return { done: await cancelSubscription(tx, { tenantId, ...command }) };
      case "revoke":
        return { done: await revokeCancellation(tx, tenantId) };
      case "pause":
        return { done: await pauseSubscription(tx, { tenantId, resumesAt: command.resumesAt }) };
      case "resume":
        return { done: await resumeSubscription(tx, tenantId) };
    }
  },

  finish: () => Promise.reject(new Error("The engine leaves nothing pending.")),
  preview: () => Promise.resolve(null),
  upcoming: (ctx, input) => withOutside(ctx, () => previewUpcoming(ctx, onPool(ctx.pool), input)),
};
