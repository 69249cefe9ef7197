/** Has an event worked on again, from the start. What it did before it does not do twice. */
import type { Tx } from "../../commit.ts";
import { Refusal } from "../../errors.ts";
import { findInbound, type InboundRow, restartInbound } from "./store.ts";

/** Throws `not_found`, or `invalid_state` where it is being worked on or was erased. */
export async function replay(tx: Tx, id: string): Promise<InboundRow> {
  const known = await findInbound(tx, id);
  if (!known) throw new Refusal("not_found", "There is no such inbound event.");
  const row = await restartInbound(tx, id);
  if (!row) {
    const why = known.body === null ? "Its body was erased" : "It is being worked on";
    throw new Refusal("invalid_state", `${why}, so it cannot be replayed.`, { extra: { state: known.state } });
  }
  tx.enqueue({ name: "dispatch-inbound", key: "dispatch-inbound" });
  return row;
}
