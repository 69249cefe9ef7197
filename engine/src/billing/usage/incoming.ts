/** The forms in which events come in besides our own: NDJSON and CloudEvents 1.0. Only their form; `prepare` checks what they say. */
import { type Fault, invalid, Refusal } from "../../errors.ts";
import { parseJson } from "../../http/json.ts";
import type { RawEvent } from "./event.ts";
import type { Usage } from "./ingest.ts";

/** One event a line; empty lines are none. */
export function fromNdjson(text: string): Usage {
  const events: RawEvent[] = [];
  const faults: Fault[] = [];
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const index = events.length;
    try {
      events.push(parseJson(line) as RawEvent);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      events.push({});
      for (const { path, message } of error.faults)
        faults.push({ index, path: path === "" ? `[${index}]` : `[${index}].${path}`, message } as Fault);
      if (faults.length >= 100) break;
    }
  }
  if (faults.length > 0) throw invalid(faults);
  return { events, batch: true };
}

/** Our fields as CloudEvents call them. */
const NAMES = { tenant_id: "subject", event: "type", idempotency_key: "id", at: "time", amount: "data.amount", properties: "data" };

/** Structured content mode, one event or a batch. `subject` is the tenant, `type` the event, source and id the key, `data` the properties. */
export function fromCloudEvents(text: string, batch: boolean): Usage {
  const parsed = parseJson(text);
  if (batch && !Array.isArray(parsed)) throw invalid([{ path: "", message: "must be an array of CloudEvents" }]);
  const list = batch ? (parsed as unknown[]) : [parsed];
  const faults: Fault[] = [];
  const events = list.map((item, index) =>
    fromCloudEvent(item, (path, message) => {
      faults.push(batch ? ({ index, path: path === "" ? `[${index}]` : `[${index}].${path}`, message } as Fault) : { path, message });
    }),
  );
  if (faults.length > 0) throw invalid(faults.slice(0, 100));
  return { events, batch, names: NAMES };
}

function fromCloudEvent(item: unknown, fault: (path: string, message: string) => void): RawEvent {
  if (item === null || typeof item !== "object" || Array.isArray(item)) {
    fault("", "must be a CloudEvent");
    return {};
  }
  const { specversion, id, source, type, subject, time, data, datacontenttype } = item as Record<string, unknown>;
  if (specversion !== "1.0") fault("specversion", 'must be "1.0"');
  for (const [name, value] of Object.entries({ id, source, type, subject })) {
    if (typeof value !== "string" || value === "") fault(name, value === undefined ? "is required" : "must be a text that is not empty");
  }
  if (datacontenttype !== undefined && !/^application\/(.*\+)?json\b/i.test(String(datacontenttype)))
    fault("datacontenttype", "must be JSON");
  if (data !== undefined && (data === null || typeof data !== "object" || Array.isArray(data))) {
    fault("data", "must be an object");
    return {};
  }
  const { amount, ...properties } = (data ?? {}) as Record<string, unknown>;
  return {
    tenant_id: subject,
    event: type,
    idempotency_key: `${String(source)}#${String(id)}`,
    properties,
    ...(amount === undefined ? {} : { amount }),
    ...(time === undefined ? {} : { at: time }),
  };
}
