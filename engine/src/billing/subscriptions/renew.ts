/**
 * What falls due: a start in the future arrives, a trial nears its end and ends, a period closes and the next begins, a pause
 * is over, a subscription that does not renew ends. Due work is found in data, in chunks, each one write; workers take
 * different rows and never collide. What is common goes in sets; a change that was arranged, or the end of a pause, by the row.
 */
import { ENGINE } from "../../auth/principal.ts";
import { commit, type Tx } from "../../commit.ts";
import type { Context } from "../../context.ts";
import type { Instant } from "../time/instant.ts";
import { renewRows } from "./renew-rows.ts";
import { lockDue } from "./store.ts";

export const CHUNK = 500;

export interface RenewInput {
  /** What is due at or before this instant; it is also the `now` of the write. */
  now: Instant;
  /** Only subscriptions on this test clock; null: only those on the system's clock. */
  testClockId: string | null;
  chunk?: number;
}

/** Works until nothing is due, or `enough` says so. Answers how many periods it moved. */
export async function renewDue(
  ctx: Context,
  input: RenewInput,
  onChunk?: (moved: number) => void,
  enough = (_moved: number) => false,
): Promise<number> {
  let moved = 0;
  const lane = async (): Promise<void> => {
    for (let count = 1; count > 0 && !enough(moved); ) {
      count = await commit(ctx, { principal: ENGINE, now: input.now }, (tx) => renewChunk(tx, input));
      moved += count;
      if (count > 0) onChunk?.(moved);
    }
  };
  // Two lanes: one computes while the database stores what the other computed. Under a test clock one, so that the same
  // business gives the same numbers in the same order.
  await Promise.all(input.testClockId === null ? [lane(), lane()] : [lane()]);
  return moved;
}

/** One chunk, one write: the action behind `renewDue`. */
export async function renewChunk(tx: Tx, input: RenewInput): Promise<number> {
  const rows = await lockDue(tx, input.now, input.testClockId, input.chunk ?? CHUNK);
  if (rows.length > 0) await renewRows(tx, rows);
  return rows.length;
}
