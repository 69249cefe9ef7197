/**
 * Hands events out: follows their one order, and writes a row for each that an endpoint is to have, in the transaction that moves the place. So
 * none is lost and none is there twice, whatever is killed; and who writes events does nothing for it.
 */
import { ENGINE } from "../../auth/principal.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import type { Position } from "../../events/history.ts";
import { isAfter, placeOf } from "../../events/place.ts";
import { EVENT_TYPES } from "../../events/types.ts";
import { insertDeliveries, lockBounds, matchEvents, movePlace } from "./fan-out-store.ts";
import { wordsFor } from "./topic.ts";

const PAGE = 2_000;
const WORDS = Object.fromEntries(EVENT_TYPES.map((type) => [type, wordsFor(type)]));

export interface FannedOut {
  /** Whether there is any endpoint that listens. */
  endpoints: boolean;
  /** There is more already. */
  more: boolean;
  /** There will be more when an older transaction ends, which nobody tells. */
  unsettled: boolean;
}

export async function fanOut(ctx: Context): Promise<FannedOut> {
  return commit(ctx, { principal: ENGINE }, async (tx) => {
    const bounds = await lockBounds(tx);
    // Another process is at it, and is told of the same events.
    if (bounds === null) return { endpoints: true, more: false, unsettled: true };
    const { place, horizon, earliest, unsettled } = bounds;
    if (earliest === null) return { endpoints: false, more: false, unsettled: false };
    const first: Position = { xid: earliest, seq: "0" };
    // What happened while nobody listened is not read.
    const after = isAfter(placeOf(first), placeOf(place)) ? first : place;
    const { looked, last, matches } = await matchEvents(tx, { after, horizon, limit: PAGE }, WORDS);
    if (matches.length > 0) await insertDeliveries(tx, matches, ctx.clock.now());
    const more = looked >= PAGE;
    await movePlace(tx, more && last !== null ? last : { xid: horizon, seq: "0" });
    return { endpoints: true, more, unsettled };
  });
}
