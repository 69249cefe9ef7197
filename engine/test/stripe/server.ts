/**
 * A server on this machine that behaves as Stripe's API is documented to, over real HTTP: form bodies, idempotency keys that replay and
 * conflict, expansion, its error bodies, the objects that calls make and change. Every request is kept, and judged by Stripe's own
 * schemas (`schemas.ts`). What it can do is in `resources/`, a file a kind of object: another kind is another file and a line in `resources`.
 */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { decodeForm, type Form } from "./form.ts";
import { found, type Json, type Reply, type Route, refuse, type State } from "./resource.ts";
import { checkoutSessions } from "./resources/checkout-sessions.ts";
import { creditNotes } from "./resources/credit-notes.ts";
import { customers } from "./resources/customers.ts";
import { invoices } from "./resources/invoices.ts";
import { paymentIntents } from "./resources/payment-intents.ts";
import { paymentMethods } from "./resources/payment-methods.ts";
import { portalSessions } from "./resources/portal-sessions.ts";
import { prices } from "./resources/prices.ts";
import { refunds } from "./resources/refunds.ts";
import { setupIntents } from "./resources/setup-intents.ts";
import { subscriptions } from "./resources/subscriptions.ts";
import { taxes } from "./resources/taxes.ts";
import { objection, readSchemas } from "./schemas.ts";

export { type Call, found, type Json, missing, type Reply, type Route, refuse, type State } from "./resource.ts";

export const SECRET_KEY = "sk_test_loopback";
export const API_VERSION = "2026-10-28.endive";

/**
 * `slow`: done, and never answered. `lost`: done, and the connection cut. `muffled`: done, and answered 500. `down`: 500, nothing done. `odd`: 200
 * with an empty object. `busy`, `locked`, `forbidden`: 429, 409 and 403, nothing done. `none`: as if nothing were wrong, for one that goes before.
 */
export type Fault = "none" | "slow" | "lost" | "muffled" | "down" | "busy" | "odd" | "locked" | "forbidden";

export interface Recorded {
  method: string;
  path: string;
  /** Of the body, or of the query. */
  form: Form;
  headers: NodeJS.Dict<string | string[]>;
  idempotencyKey: string | null;
  status: number;
}

export interface StripeLoopback extends State {
  url: string;
  requests: Recorded[];
  /** What Stripe would have refused of what was sent: by its own schemas. */
  objections: string[];
  /** What would have been sent by webhooks. */
  events: Json[];
  fail(method: string, path: RegExp, ...faults: Fault[]): void;
  /** The requests that asked for something to be done. */
  writes(path: RegExp): Recorded[];
  close(): Promise<void>;
}

// Asked for late: the resources import this file, too.
const resources = (): readonly Route[] => [
  ...customers,
  ...paymentMethods,
  ...paymentIntents,
  ...setupIntents,
  ...refunds,
  ...checkoutSessions,
  ...portalSessions,
  ...subscriptions,
  ...invoices,
  ...prices,
  ...taxes,
  ...creditNotes,
];

export async function startStripe(routes: readonly Route[] = resources()): Promise<StripeLoopback> {
  readSchemas();
  const keys = new Map<string, { text: string; reply: Reply | null }>();
  const faults: { method: string; path: RegExp; fault: Fault }[] = [];
  const table = routes.map((route) => ({
    ...route,
    pattern: new RegExp(`^${route.path.replaceAll("*", "([^/]+)")}$`),
    places: route.path.split("*").length,
  }));
  table.sort((a, b) => a.places - b.places);
  let made = 0;

  const stripe: StripeLoopback = {
    url: "",
    requests: [],
    objections: [],
    events: [],
    objects: new Map(),
    now: Math.floor(Date.now() / 1_000),
    id: (prefix) => `${prefix}_${(++made).toString().padStart(14, "L")}`,
    put(object) {
      stripe.objects.set(object.id, object);
      return object;
    },
    all: (kind) => [...stripe.objects.values()].filter((one) => one.object === kind).reverse(),
    list(items, { form }, url) {
      const after = items.findIndex((one) => one.id === form.starting_after);
      const limit = Number(form.limit ?? 10);
      const rest = items.slice(after + 1);
      return found({ object: "list", url, has_more: rest.length > limit, data: rest.slice(0, limit) });
    },
    emit(type, object, previous) {
      stripe.events.push({
        id: stripe.id("evt"),
        object: "event",
        api_version: API_VERSION,
        created: stripe.now,
        data: { object: structuredClone(object), ...(previous ? { previous_attributes: previous } : {}) },
        livemode: false,
        pending_webhooks: 1,
        request: { id: null, idempotency_key: null },
        type,
      });
    },
    fail: (method, path, ...list) => void faults.push(...list.map((fault) => ({ method, path, fault }))),
    writes: (path) => stripe.requests.filter((one) => one.method !== "GET" && path.test(one.path)),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  function act(method: string, path: string, form: Form): Reply {
    const route = table.find((one) => one.method === method && one.pattern.test(path));
    if (!route) return refuse(404, { message: `Unrecognized request URL (${method}: ${path}).` });
    const ids = (route.pattern.exec(path) ?? []).slice(1).map(decodeURIComponent);
    const { expand, ...rest } = form;
    const reply = route.act({ ids, form: rest }, stripe);
    return reply.status === 200 ? { ...reply, body: expanded(reply.body, expand, stripe) } : structuredClone(reply);
  }

  function keyed(one: Recorded): Reply & { replayed?: boolean } {
    if (one.method !== "POST" || one.idempotencyKey === null) return act(one.method, one.path, one.form);
    const text = JSON.stringify([one.path, one.form]);
    const known = keys.get(one.idempotencyKey);
    if (known && known.text !== text)
      return {
        status: 400,
        body: {
          error: {
            type: "idempotency_error",
            message: "Keys for idempotent requests can only be used with the same parameters they were first used with.",
          },
        },
      };
    if (known?.reply) return { ...known.reply, replayed: true };
    const reply = act(one.method, one.path, one.form);
    // What was refused before anything was done is not kept.
    if (reply.status !== 400 && reply.status !== 404) keys.set(one.idempotencyKey, { text, reply });
    return reply;
  }

  const server = createServer(async (request, response: ServerResponse) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const url = new URL(request.url!, "http://loopback");
    const key = request.headers["idempotency-key"];
    const one: Recorded = {
      method: request.method!,
      path: url.pathname,
      form: decodeForm(request.method === "POST" ? text : url.search),
      headers: request.headers,
      idempotencyKey: typeof key === "string" ? key : null,
      status: 0,
    };
    stripe.requests.push(one);
    const send = ({ status, body, replayed = false }: Reply & { replayed?: boolean }) => {
      one.status = status;
      const id = `req_${stripe.requests.length}`;
      response
        .writeHead(status, {
          "content-type": "application/json",
          "request-id": id,
          "stripe-version": API_VERSION,
          ...(replayed ? { "idempotent-replayed": "true" } : {}),
        })
        .end(JSON.stringify(body));
    };
    const problem = refusedAtTheDoor(one);
    if (problem) return send(problem);
    const at = faults.findIndex((fault) => fault.method === one.method && fault.path.test(one.path));
    const fault = at < 0 ? null : faults.splice(at, 1)[0]!.fault;
    const broken = { status: 500, body: { error: { type: "api_error", message: "Something went wrong." } } };
    if (fault === "down") return send(broken);
    if (fault === "busy")
      return send({ status: 429, body: { error: { type: "invalid_request_error", code: "rate_limit", message: "Too many requests." } } });
    if (fault === "locked")
      return send({
        status: 409,
        body: { error: { type: "idempotency_error", code: "idempotency_key_in_use", message: "Another request has this key." } },
      });
    if (fault === "forbidden")
      return send({ status: 403, body: { error: { type: "invalid_request_error", message: "The key has no permission for this." } } });
    if (fault === "odd") return send({ status: 200, body: {} });
    const answer = keyed(one);
    if (fault === "muffled") return send(broken);
    if (fault === "lost") return request.socket.destroy();
    // The other side gives up by its own time-out.
    if (fault !== "slow") send(answer);
  });

  function refusedAtTheDoor(one: Recorded): Reply | null {
    if (one.headers.authorization !== `Bearer ${SECRET_KEY}`)
      return { status: 401, body: { error: { type: "invalid_request_error", message: "Invalid API Key provided." } } };
    const words = objection(one.method, one.path, one.form);
    if (words) stripe.objections.push(`${one.method} ${one.path}: ${words.words} (${words.by})`);
    if (one.method === "POST" && one.idempotencyKey === null) stripe.objections.push(`POST ${one.path} without an idempotency key`);
    if (one.headers["stripe-version"] !== API_VERSION) stripe.objections.push(`${one.path} of API ${one.headers["stripe-version"]}`);
    return words ? refuse(400, { code: "parameter_unknown", message: words.words }) : null;
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stripe.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return stripe;
}

/** What `expand` names is put in place of its id: `customer`, `latest_charge.balance_transaction`, `data.customer`. */
function expanded(body: Json, expand: Form[string] | undefined, stripe: State): Json {
  const copy = structuredClone(body);
  for (const path of Array.isArray(expand) ? expand : []) if (typeof path === "string") open(copy, path.split("."), stripe);
  return copy;
}

function open(value: unknown, [step, ...rest]: string[], stripe: State): void {
  if (step === undefined || typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) open(item, [step, ...rest], stripe);
    return;
  }
  const record = value as Json;
  const inner = record[step];
  if (typeof inner === "string" && stripe.objects.has(inner)) record[step] = structuredClone(stripe.objects.get(inner));
  open(record[step], rest, stripe);
}
