/**
 * A server on this machine that behaves as Razorpay's API is documented to: Basic credentials, orders, payments and refunds, its error
 * bodies, its refund idempotency. It keeps every request, and has the faults of a network.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const KEY_ID = "rzp_test_loopback";
export const KEY_SECRET = "secret of the loopback";

type Json = Record<string, unknown>;

export interface Recorded {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: IncomingMessage["headers"];
  body: Json | null;
}

/** `slow`: done, and never answered. `lost`: done, and the connection cut. `down`: 500, nothing done. `odd`: 200 with an empty object. */
export type Fault = "slow" | "lost" | "down" | "busy" | "odd";

export interface Loopback {
  url: string;
  requests: Recorded[];
  /** The next requests that match have these faults, in order. */
  fail(method: string, path: RegExp, ...faults: Fault[]): void;
  orders: Map<string, Json>;
  /** Somebody pays on the page; answers the payment as the webhooks carry it. */
  pay(orderId: string, over?: Json): Json;
  refunds: Map<string, Json>;
  close(): Promise<void>;
}

export async function startLoopback(): Promise<Loopback> {
  const orders = new Map<string, Json>();
  const payments = new Map<string, Json>();
  const refunds = new Map<string, Json>();
  const keys = new Map<string, { text: string; id: string }>();
  const requests: Recorded[] = [];
  const faults: { method: string; path: RegExp; fault: Fault }[] = [];
  let made = 0;
  const id = (prefix: string) => `${prefix}_${(++made).toString().padStart(14, "L")}`;

  const refuse = (description: string, field?: string) => ({
    status: 400,
    body: {
      error: {
        code: "BAD_REQUEST_ERROR",
        description,
        source: "business",
        step: "payment_initiation",
        reason: "input_validation_failed",
        metadata: {},
        ...(field ? { field } : {}),
      },
    },
  });
  const found = (body: Json) => ({ status: 200, body });
  const collection = (items: Json[]) => found({ entity: "collection", count: items.length, items });

  function createOrder(body: Json) {
    if (!Number.isInteger(body.amount)) return refuse("The amount must be an integer.", "amount");
    if (Number(body.amount) < 100) return refuse("The amount must be at least INR 1.00", "amount");
    if (String(body.receipt).length > 40) return refuse("The receipt may not be greater than 40 characters.", "receipt");
    const order = {
      id: id("order"),
      entity: "order",
      amount: body.amount,
      amount_paid: 0,
      amount_due: body.amount,
      currency: body.currency,
      receipt: body.receipt,
      offer_id: null,
      status: "created",
      attempts: 0,
      notes: body.notes,
      created_at: 1_756_455_561,
    };
    orders.set(order.id, order);
    return found(order);
  }

  function createRefund(paymentId: string, body: Json, key: string | undefined) {
    const text = JSON.stringify({ paymentId, body });
    const known = key === undefined ? undefined : keys.get(key);
    if (known)
      return known.text === text
        ? found(refunds.get(known.id)!)
        : refuse("Different request with the same idempotency key has already been processed.");
    const payment = payments.get(paymentId);
    if (!payment) return refuse("The id provided does not exist");
    if (Number(body.amount) > Number(payment.amount) - Number(payment.amount_refunded))
      return refuse("The total refund amount is greater than the refund payment amount");
    payment.amount_refunded = Number(payment.amount_refunded) + Number(body.amount);
    const refund = {
      id: id("rfnd"),
      entity: "refund",
      amount: body.amount,
      currency: payment.currency,
      payment_id: paymentId,
      notes: body.notes,
      receipt: body.receipt,
      status: "processed",
      speed_requested: "normal",
      created_at: 1_597_078_866,
    };
    refunds.set(refund.id, refund);
    if (key !== undefined) keys.set(key, { text, id: refund.id });
    return found(refund);
  }

  function act({ method, path, query, headers, body }: Recorded): { status: number; body: Json } {
    const wanted = `Basic ${Buffer.from(`${KEY_ID}:${KEY_SECRET}`).toString("base64")}`;
    if (headers.authorization !== wanted)
      return { status: 401, body: { error: { code: "BAD_REQUEST_ERROR", description: "Authentication failed" } } };
    if (method === "POST" && path === "/v1/orders") return createOrder(body!);
    if (method === "GET" && path === "/v1/orders")
      return collection([...orders.values()].reverse().filter((order) => query.receipt === undefined || order.receipt === query.receipt));
    const [, kind, one, more] = /^\/v1\/(orders|payments)\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? [];
    const thing = kind === "orders" ? orders.get(one!) : payments.get(one!);
    if (!thing) return refuse("The id provided does not exist");
    if (method === "POST" && kind === "payments" && more === "refund")
      return createRefund(one!, body!, headers["x-refund-idempotency"] as string | undefined);
    if (kind === "orders" && more === "payments") return collection([...payments.values()].filter((payment) => payment.order_id === one));
    if (kind === "payments" && more === "refunds") return collection([...refunds.values()].filter((refund) => refund.payment_id === one));
    return found(thing);
  }

  const server = createServer(async (request, response: ServerResponse) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const url = new URL(request.url!, "http://loopback");
    const recorded: Recorded = {
      method: request.method!,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body: text === "" ? null : (JSON.parse(text) as Json),
    };
    requests.push(recorded);
    const at = faults.findIndex((one) => one.method === recorded.method && one.path.test(recorded.path));
    const fault = at < 0 ? null : faults.splice(at, 1)[0]!.fault;
    const send = (status: number, body: Json) =>
      response.writeHead(status, { "content-type": "application/json", "request-id": "req_loopback" }).end(JSON.stringify(body));
    if (fault === "down") return send(500, { error: { code: "SERVER_ERROR", description: "We are facing some trouble." } });
    if (fault === "busy")
      return send(429, { error: { code: "BAD_REQUEST_ERROR", description: "Request failed. Please try after sometime." } });
    if (fault === "odd") return send(200, {});
    const answer = act(recorded);
    if (fault === "lost") return request.socket.destroy();
    // The other side gives up by its own time-out.
    if (fault !== "slow") send(answer.status, answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    fail: (method, path, ...list) => void faults.push(...list.map((fault) => ({ method, path, fault }))),
    orders,
    refunds,
    pay(orderId, over = {}) {
      const order = orders.get(orderId)!;
      const payment: Json = {
        id: id("pay"),
        entity: "payment",
        amount: order.amount,
        currency: order.currency,
        status: "captured",
        order_id: orderId,
        invoice_id: null,
        international: false,
        method: "upi",
        amount_refunded: 0,
        refund_status: null,
        captured: true,
        email: "payer@example.com",
        contact: "+919000090000",
        notes: [],
        error_code: null,
        error_description: null,
        created_at: 1_567_674_599,
        ...over,
      };
      payments.set(String(payment.id), payment);
      return payment;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
