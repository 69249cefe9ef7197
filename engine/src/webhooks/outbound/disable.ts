/** Disables an endpoint by itself, and says so: after days in which every attempt failed, or when it answers that it is gone for good. */
import type { Tx } from "../../commit.ts";
import { disable, giveUpOpen } from "./delivery-store.ts";
import { type DisabledReason, findEndpoint } from "./store.ts";

const WHY: Record<DisabledReason, string> = {
  asked: "as was asked",
  failing: "after every attempt had failed for days",
  gone: "because it answered that it is gone (410)",
};

export async function disableEndpoint(tx: Tx, id: string, reason: DisabledReason): Promise<void> {
  if (!(await disable(tx, id, reason, tx.now))) return;
  await giveUpOpen(tx, id, tx.now);
  const endpoint = await findEndpoint(tx, id);
  tx.emit({
    type: "webhook.endpoint_disabled",
    tenantId: endpoint?.tenant_id ?? null,
    subject: id,
    summary: `The webhook endpoint ${id} was disabled ${WHY[reason]}.`,
    data: { endpoint_id: id, reason },
  });
}
