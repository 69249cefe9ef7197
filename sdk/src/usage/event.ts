/** A usage event as it is recorded, and as it waits in the spool. */
import { printJson } from "../json.ts";
import type { Schemas } from "../types.ts";

/** `amount` and numbers in `properties` may be decimal texts or bigints, which keep all their digits. */
export type UsageEvent = Omit<Schemas["UsageEvent"], "amount"> & { amount?: number | string | bigint };

/** What waits: complete, so that sending it later or twice changes nothing. */
export interface RecordedEvent extends UsageEvent {
  idempotency_key: string;
}

const MAX_LINE = 32_768;

/**
 * The event with all that must be fixed now: its key, so that it counts once however often it is sent, and its time, which is when it
 * happened and not when it arrived. Throws TypeError on what no engine would take, where the stack still shows who recorded it.
 */
export function complete(event: UsageEvent, stamp: boolean): { event: RecordedEvent; line: string } {
  const { tenant_id, event: name, amount } = event;
  if (typeof tenant_id !== "string" || tenant_id === "") throw new TypeError("usage.record: tenant_id is missing.");
  if (typeof name !== "string" || name === "") throw new TypeError("usage.record: event is missing: the name that meters read it by.");
  if (typeof amount === "number" && !(amount >= 0 && Number.isFinite(amount)))
    throw new TypeError(`usage.record: amount is ${amount}, and must be a number of zero or more.`);
  const whole: RecordedEvent = {
    ...event,
    ...(event.at === undefined && stamp ? { at: new Date().toISOString() } : {}),
    idempotency_key: event.idempotency_key ?? crypto.randomUUID(),
  };
  const line = printJson(whole);
  if (line.length > MAX_LINE) throw new TypeError(`usage.record: the event has ${line.length} characters; at most ${MAX_LINE}.`);
  return { event: whole, line };
}
