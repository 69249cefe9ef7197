/** What a kind of object of the loopback is made of: routes over shared state. */
import type { Form } from "./form.ts";

export type Json = Record<string, unknown>;

export interface Reply {
  status: number;
  body: Json;
}

export interface Call {
  /** What stands in the places of the path, in order. */
  ids: string[];
  form: Form;
}

export interface Route {
  method: "GET" | "POST" | "DELETE";
  /** With `*` for an id: /v1/customers/* */
  path: string;
  act(call: Call, stripe: State): Reply;
}

/** What the resources share. */
export interface State {
  /** Every object, by id, in the order in which they were made. */
  objects: Map<string, Json>;
  /** Seconds; moves only when it is moved. */
  now: number;
  id(prefix: string): string;
  /** Keeps an object and answers it. */
  put<T extends Json & { id: string }>(object: T): T;
  /** All of a kind, the newest first. */
  all(object: string): Json[];
  list(items: Json[], call: Call, url: string): Reply;
  /** Keeps an event about the object as it now is, as Stripe would send it. */
  emit(type: string, object: Json, previous?: Json): void;
}

export const found = (body: Json): Reply => ({ status: 200, body });

export function refuse(status: number, error: Json): Reply {
  return { status, body: { error: { type: status === 402 ? "card_error" : "invalid_request_error", ...error } } };
}

export const missing = (kind: string, id: string, param = "id"): Reply =>
  refuse(404, { code: "resource_missing", message: `No such ${kind}: '${id}'`, param });
