/** What every event of Stripe's has: the object it is about, and what that was before. */
import { expandedIn, type Json, objectIn } from "./objects.ts";

/** The object, as it was when the event was made. `kind`: what it must be. */
export function objectOf(payload: Json, kind?: string): Json {
  const object = objectIn(objectIn(payload.data, "data").object, "data.object");
  if (kind !== undefined && object.object !== kind) throw new Error(`data.object is a ${String(object.object)} and no ${kind}`);
  return object;
}

/** Beside the object, not inside it (lesson 11). */
export function before(payload: Json): Json {
  return expandedIn(objectIn(payload.data, "data"), "previous_attributes") ?? {};
}
