/** What a gateway's folder says of its webhooks, and the few facts that events become. Vendors' words end here. */

import type { DisputeReport } from "../../billing/payments/dispute.ts";
import type { ChargeOutcome, RefundOutcome } from "../../billing/payments/gateway.ts";
import type { OrderPaymentOutcome } from "../../billing/payments/record-order.ts";
import type { Report } from "../../billing/subscriptions/processor.ts";
import type { Instant } from "../../billing/time/instant.ts";
import type { Config } from "../../config.ts";

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

export interface Envelope {
  /** The gateway's own id of the event: the same id is the same event. */
  eventId: string;
  type: string;
}

/** A fact names things as the gateway does; whose they are is looked up afterwards. */
export type Fact =
  /** Of a subscription that the gateway runs itself: it is read there anew. */
  | { kind: "report"; report: Report }
  /** What the gateway sells by itself has changed. */
  | { kind: "offers" }
  | { kind: "order_payment"; orderReference: string; outcome: OrderPaymentOutcome }
  | {
      kind: "refund";
      /** Our id of it, if it was asked for here. */
      refundId: string | null;
      of: Paid;
      amountMinor: bigint;
      currency: string;
      outcome: Exclude<RefundOutcome, { status: "unknown" }>;
    }
  | { kind: "dispute"; of: Paid; report: DisputeReport }
  | PaymentFact;

/** What a gateway that charges by itself says of payments, and of who pays. */
export type PaymentFact =
  /** `paymentId`: ours. */
  | { kind: "charge"; paymentId: string; outcome: Exclude<ChargeOutcome, { status: "unknown" }> & { reference: string } }
  /** Something came of a page: what, is asked. `checkoutId`: ours. */
  | { kind: "checkout"; checkoutId: string }
  /** A payment method came, changed or went: how it is, is asked. */
  | { kind: "method"; reference: string }
  /** `made`: by the key of our row. `default`: they chose another method at the gateway. */
  | { kind: "customer"; reference: string; change: { made: string } | "default" | "deleted" };

/** The gateway's names of what was paid, and of what they may be found by where it runs the subscription itself. */
export interface Paid {
  payment: string | null;
  charge?: string | null;
  invoice?: string | null;
  customer?: string | null;
}

/** Reads one event. A text says why there is nothing to do; what it throws is a failed dispatch. */
export type Interpret = (payload: Readonly<Record<string, unknown>>) => Fact | string;

/** One deed, and the types of events that are that deed: a file of its gateway's `events/`. */
export interface EventReader {
  types: readonly string[];
  read: Interpret;
}

/** By type. A type that two readers claim is a mistake, and said at once. */
export function byType(readers: readonly EventReader[]): ReadonlyMap<string, Interpret> {
  const events = new Map<string, Interpret>();
  for (const { types, read } of readers)
    for (const type of types) {
      if (events.has(type)) throw new Error(`two readers claim ${type}`);
      events.set(type, read);
    }
  return events;
}

export interface InboundAdapter {
  gateway: string;
  /** Any of them may have signed, so that one can take another's place; none: this gateway is not listened to. */
  secrets(config: Config): readonly string[];
  /** Of the bytes as they came, in constant time. `now`: real time, where what was signed may grow stale. */
  verify(body: Buffer, headers: Headers, secrets: readonly string[], now: Instant): boolean;
  /** Throws a 422 where what was signed is no event. */
  envelope(body: Buffer, headers: Headers): Envelope;
  /** The bytes as they are kept, once verified: without secrets that somebody could pay or change something with. */
  scrub?(body: Buffer): Buffer;
  /** By type; others are stored and ignored. */
  events: ReadonlyMap<string, Interpret>;
}
