/** Makes and changes endpoints. */
import type { Tx } from "../../commit.ts";
import { codeOf, invalidField, Refusal } from "../../errors.ts";
import { newId } from "../../ids.ts";
import { checkUrl } from "./address.ts";
import { giveUpOpen } from "./delivery-store.ts";
import { aboutEndpoint, mintWebhookSecret } from "./secret.ts";
import { countEndpoints, type EndpointRow, insertEndpoint, insertSecret, lockEndpoint, updateEndpoint } from "./store.ts";
import { checkWords } from "./topic.ts";

/** For each owner: every event is looked at for each of them. */
const MOST = 50;
const FOREIGN_KEY = "23503";

export interface EndpointInput {
  url?: string;
  description?: string | null;
  event_types?: string[];
  ordered?: boolean;
  disabled?: boolean;
}

export async function createEndpoint(
  tx: Tx,
  tenantId: string | null,
  input: EndpointInput & { url: string },
): Promise<{ row: EndpointRow; secret: string }> {
  const { config, seal } = tx.ctx;
  const fields = {
    url: checkUrl(input.url, config),
    description: input.description ?? null,
    event_types: checkWords(input.event_types ?? ["*"]),
    ordered: input.ordered ?? false,
    ...standing(tx, input.disabled ?? false),
  };
  if ((await countEndpoints(tx, tenantId)) >= MOST)
    throw new Refusal(
      "invalid_state",
      `There are ${MOST} endpoints already, which is as many as there may be. Delete one, or let one hear more events.`,
    );
  const secret = mintWebhookSecret();
  try {
    const row = await insertEndpoint(tx, { id: newId("webhookEndpoint"), tenantId, ...fields });
    await insertSecret(tx, row, seal.close(secret, aboutEndpoint(row.id)));
    tx.afterCommit(() => tx.ctx.webhooks.look());
    return { row, secret };
  } catch (error) {
    if (codeOf(error) === FOREIGN_KEY) throw invalidField("tenant_id", "names no tenant");
    throw error;
  }
}

/** Throws `not_found`. One that is enabled again hears of what happens from then on. */
export async function changeEndpoint(tx: Tx, id: string, input: EndpointInput): Promise<EndpointRow> {
  const known = await lockEndpoint(tx, id);
  if (!known) throw noEndpoint();
  const enabled = known.disabled_at === null;
  const turns = input.disabled !== undefined && input.disabled === enabled;
  const fields = {
    url: input.url === undefined ? known.url : checkUrl(input.url, tx.ctx.config),
    description: input.description === undefined ? known.description : input.description,
    event_types: input.event_types === undefined ? known.event_types : checkWords(input.event_types),
    ordered: input.ordered ?? known.ordered,
    ...(turns ? standing(tx, enabled) : { disabled_at: known.disabled_at, disabled_reason: known.disabled_reason }),
  };
  if (turns && enabled) await giveUpOpen(tx, id, tx.now);
  tx.afterCommit(() => tx.ctx.webhooks.look());
  return updateEndpoint(tx, id, fields, turns && !enabled);
}

function standing(tx: Tx, disabled: boolean): Pick<EndpointRow, "disabled_at" | "disabled_reason"> {
  return disabled ? { disabled_at: tx.now, disabled_reason: "asked" } : { disabled_at: null, disabled_reason: null };
}

export function noEndpoint(): Refusal {
  return new Refusal("not_found", "There is no such webhook endpoint.");
}
