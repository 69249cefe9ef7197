/** What every event of Stripe's has: the object it is about, and what that was before. */
import type { Fact } from "../../../webhooks/inbound/adapter.ts";
import { expandedIn, type Json, objectIn } from "../objects.ts";

export type Interpret = (payload: Json) => Fact | string;

/** The object, as it was when the event was made. */
export function objectOf(payload: Json, kind: string): Json {
  const object = objectIn(objectIn(payload.data, "data").object, "data.object");
  if (object.object !== kind) throw new Error(`data.object is a ${String(object.object)} and no ${kind}`);
  return object;
}

/** Beside the object, not inside it (lesson 11). */
export function before(payload: Json): Json {
  return expandedIn(objectIn(payload.data, "data"), "previous_attributes") ?? {};
}
