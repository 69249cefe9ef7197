/** Takes a webhook in: verified on its bytes, stored once, and dispatched by a job. Nothing that it says is acted on here. */
import { ENGINE } from "../../auth/principal.ts";
import type { Instant } from "../../billing/time/instant.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { Refusal } from "../../errors.ts";
import { newId } from "../../ids.ts";
import type { Headers } from "./adapter.ts";
import { findAdapter } from "./adapters.ts";
import { putInbound } from "./store.ts";

export interface Received {
  id: string;
  duplicate: boolean;
}

/** `at`: when it came, where that is not now. Throws `not_found` for a gateway that is not listened to, `signature_invalid` with nothing stored. */
export async function receive(ctx: Context, input: { gateway: string; body: Buffer; headers: Headers; at?: Instant }): Promise<Received> {
  const adapter = findAdapter(input.gateway);
  const secrets = adapter?.secrets(ctx.config) ?? [];
  if (!adapter || secrets.length === 0) throw new Refusal("not_found", "No webhooks are taken here from a gateway of this name.");
  const counted = ctx.metrics.webhooksIn;
  if (!adapter.verify(input.body, input.headers, secrets, input.at ?? ctx.clock.now())) {
    counted.add([adapter.gateway, "refused"]);
    throw new Refusal("signature_invalid", "The signature is not that of these bytes by any of the secrets that are set.");
  }
  const { eventId, type } = adapter.envelope(input.body, input.headers);
  return commit(ctx, { principal: ENGINE, source: adapter.gateway }, async (tx) => {
    const event = { id: newId("inboundEvent"), gateway: adapter.gateway, eventId, type, body: adapter.scrub?.(input.body) ?? input.body };
    const row = await putInbound(tx, event, ctx.clock.now());
    if (row.state === "pending") tx.enqueue({ name: "dispatch-inbound", key: "dispatch-inbound" });
    const duplicate = row.deliveries > 1;
    tx.afterCommit(() => counted.add([adapter.gateway, duplicate ? "duplicate" : "stored"]));
    return { id: row.id, duplicate };
  });
}
