/** The forms of events on a queue, and when each is taken to have been sent. */
import { expect, test } from "vitest";
import { readQueued } from "./queued-event.ts";

const SENT = Date.parse("2026-03-01T00:00:00Z");
const sent = { at: SENT, clock: "system" };
const event = { tenant_id: "acme", event: "llm", idempotency_key: "m1" };

test.each([
  ["ours", { ...event, amount: 2 }, { ...event, amount: 2 }, sent],
  ["ours without a key", { tenant_id: "acme", event: "llm" }, event, sent],
  ["ours that waited", { ...event, accepted_at: "2026-02-28T00:00:00Z" }, event, { at: SENT - 86_400_000, clock: "tenant" }],
  ["with a type and a workspace", { event_type: "llm", workspace_id: "acme", value: 2.5 }, { ...event, amount: 2.5 }, sent],
  ["with a metric", { tenant_id: "acme", metric: "llm", metadata: { a: "b" } }, { ...event, properties: { a: "b" } }, sent],
  // Said twice: both stay, and the check names the one that is not known.
  ["two names for one", { ...event, event_type: "other" }, { ...event, event_type: "other" }, sent],
])("%s", (_form, message, read, when) => {
  expect(readQueued(JSON.stringify(message), "m1", SENT)).toEqual({ events: [read], batch: false, sent: [when] });
});

test("several in one message have a key each; without a time of the queue's there is none", () => {
  const { events, batch, sent: when } = readQueued(JSON.stringify([{ event: "a" }, { event: "b", idempotency_key: "own" }]), "m1", null);
  expect([events.map((one) => one.idempotency_key), batch, when]).toEqual([["m1:0", "own"], true, [null, null]]);
});

test("a CloudEvent keeps its own names", () => {
  const cloud = { specversion: "1.0", id: "1", source: "app", type: "llm", subject: "acme", data: { n: 1 } };
  expect(readQueued(JSON.stringify(cloud), "m1", SENT)).toMatchObject({
    events: [{ tenant_id: "acme", event: "llm", idempotency_key: "app#1", properties: { n: 1 } }],
    names: { tenant_id: "subject" },
    sent: [sent],
  });
});

test.each(["", "nonsense", "7", "null", '"text"'])("no message: %s", (text) => {
  expect(() => readQueued(text, "m1", SENT)).toThrow();
});
