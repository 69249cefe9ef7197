/** Sends again: one delivery, everything since an instant, or a message that only tries the endpoint. */
import type { Instant } from "../../billing/time/instant.ts";
import type { Tx } from "../../commit.ts";
import { invalidField, Refusal } from "../../errors.ts";
import { EVENT_TYPES } from "../../events/types.ts";
import { type DeliveryRow, findDelivery, insertTest, restartDelivery, restartSpan } from "./log-store.ts";
import { noEndpoint } from "./put-endpoint.ts";
import { type EndpointRow, findEndpoint, lockEndpoint } from "./store.ts";
import { wordsFor } from "./topic.ts";

const MOST = 100_000;

export async function retryDelivery(tx: Tx, id: string): Promise<DeliveryRow> {
  const known = await findDelivery(tx, id);
  if (!known) throw new Refusal("not_found", "There is no such webhook delivery.");
  refuseDisabled(await findEndpoint(tx, known.endpoint_id));
  const row = await restartDelivery(tx, id, tx.ctx.clock.now());
  if (!row) throw new Refusal("invalid_state", "It is being sent right now.", { extra: { state: "sending" } });
  tx.afterCommit(() => tx.ctx.webhooks.look());
  return row;
}

export interface Again {
  since: Instant;
  until: Instant | null;
  /** `undelivered`: what was not delivered, and what the endpoint was never told of. */
  which: "undelivered" | "all";
}

export async function redeliver(tx: Tx, id: string, { since, until, which }: Again): Promise<number> {
  const endpoint = await lockEndpoint(tx, id);
  if (!endpoint) throw noEndpoint();
  refuseDisabled(endpoint);
  const types = EVENT_TYPES.filter((type) => wordsFor(type).some((word) => endpoint.event_types.includes(word)));
  const count = await restartSpan(tx, endpoint, { since, until, types, all: which === "all", limit: MOST }, tx.ctx.clock.now());
  if (count > MOST) throw invalidField("since", `more than ${MOST} events are meant: name a later instant, or an end by until`);
  tx.afterCommit(() => tx.ctx.webhooks.look());
  return count;
}

export async function testEndpoint(tx: Tx, id: string): Promise<DeliveryRow> {
  const endpoint = await findEndpoint(tx, id);
  if (!endpoint) throw noEndpoint();
  refuseDisabled(endpoint);
  tx.afterCommit(() => tx.ctx.webhooks.look());
  return insertTest(tx, endpoint, tx.ctx.clock.now());
}

function refuseDisabled(endpoint: EndpointRow | null): void {
  if (endpoint?.disabled_at != null)
    throw new Refusal("invalid_state", "The endpoint is disabled. Enable it first.", { extra: { disabled: true } });
}
