/**
 * The port that every gateway fulfils. Vendors' words stay behind it: what comes back is one of a few facts. What a gateway can beyond
 * charging (pages, customers, methods of its own, a portal) is optional, and who asks looks whether it is there.
 *
 * Charges and refunds never throw for a refusal. What a person waits for (a page, a customer, a method) throws a `Refusal`:
 * `gateway_error` or `payment_failed` where the gateway said no, `gateway_unavailable` where it cannot be reached.
 */

import type { SubscriptionOffer } from "./checkout.ts";

export interface ChargeRequest {
  /** The attempt's own key: the same key never charges twice. */
  idempotencyKey: string;
  tenantId: string;
  /** The gateway's name of the tenant; null: it has no customers, or the tenant is none. */
  customer: string | null;
  invoiceId: string;
  invoiceNumber: string | null;
  amountMinor: bigint;
  currency: string;
  /** The gateway's name of the payment method; null: none is known. */
  method: string | null;
}

export type ChargeOutcome =
  | { status: "succeeded"; reference: string; amountMinor: bigint; currency: string }
  | { status: "failed"; reference: string | null; code: string; reason: string }
  | { status: "requires_action"; reference: string; url: string | null }
  | { status: "pending"; reference: string }
  /** Nobody knows: to be asked about by `find`, never charged again. */
  | { status: "unknown"; reason: string };

/** What the person confirms a payment with, on a page that speaks to the gateway itself. */
export interface Confirmation {
  /** Whoever has it can pay: for that page alone, and kept nowhere. */
  clientSecret: string;
  /** What that page is opened with; public. null: not configured. */
  publicKey: string | null;
  /** The gateway's name of the method that waits to be confirmed; another can be given there instead. null: none. */
  method: string | null;
}

/** What is known here of an attempt that is asked about. */
export interface ChargeHints {
  /** The gateway's name of the charge, where it has told one. */
  reference: string | null;
  customer: string | null;
  /** Real time at which it was sent; null: it was not. */
  sentAt: number | null;
}

export interface RefundRequest {
  /** The refund's own key: the same key never gives back twice. */
  idempotencyKey: string;
  /** The idempotency key of the charge that is given back. */
  paymentKey: string;
  /** The gateway's name of that charge, where it has told one. */
  paymentReference: string | null;
  amountMinor: bigint;
  currency: string;
}

export type RefundOutcome =
  | { status: "succeeded"; reference: string }
  | { status: "failed"; reference: string | null; code: string; reason: string }
  | { status: "pending"; reference: string }
  | { status: "unknown"; reason: string };

export interface CheckoutRequest {
  /** The checkout's own key: the same key is the same page. */
  idempotencyKey: string;
  /** The key of the charge that the page makes, by which `find` and `refund` know it. */
  paymentKey: string;
  tenantId: string;
  customer: string | null;
  /** `payment`: the amount is taken on the page. `setup`: only a payment method is left there. `subscription`: the gateway begins one, and runs it. */
  mode: "payment" | "setup" | "subscription";
  /** Of mode subscription. */
  offer: SubscriptionOffer | null;
  amountMinor: bigint;
  currency: string;
  /** What is bought, for the person who pays. */
  description: string;
  /** Where the person goes afterwards; `{CHECKOUT_ID}` in them is the checkout's own key. */
  successUrl: string;
  cancelUrl: string;
  /** Real time, from which on the page takes nothing any more. */
  expiresAt: number;
}

export type CheckoutOutcome =
  /** Nobody has finished it, or the money is still on its way. */
  | { status: "open" }
  | { status: "canceled" }
  | { status: "expired" }
  /** It was finished, and the money did not come after all. */
  | { status: "failed"; reason: string }
  | {
      status: "completed";
      /** Of mode payment. */
      payment: { reference: string; amountMinor: bigint; currency: string } | null;
      /** What may be charged from now on; null: the gateway kept nothing. */
      method: GatewayMethod | null;
      /** Of mode subscription: what began. */
      subscription?: { reference: string; customer: string };
    };

export interface OrderRequest {
  /** Names the order at the gateway; it takes no key that would keep it from making two. */
  receipt: string;
  amountMinor: bigint;
  currency: string;
  notes: Readonly<Record<string, string>>;
}

export type OrderOutcome =
  | { status: "open"; reference: string }
  | { status: "failed"; code: string; reason: string }
  | { status: "unknown"; reason: string };

export interface OrderGateway {
  /** What the gateway's page is opened with, beside the order; public. */
  readonly publicKey: string;
  /** Never throws for a refusal; no answer is `unknown`. */
  create(request: OrderRequest): Promise<OrderOutcome>;
  /** The order with this receipt; null: there is none. Throws where the gateway cannot be asked, as the others do. */
  find(by: Pick<OrderRequest, "receipt" | "amountMinor" | "currency">): Promise<{ reference: string } | null>;
  /** The receipt of an order by its reference; null: there is no such order, or it has none. */
  receiptOf(reference: string): Promise<string | null>;
  /** Every payment that was tried on it, by the gateway's name of each. */
  payments(reference: string): Promise<(Exclude<ChargeOutcome, { status: "unknown" }> & { reference: string })[]>;
}

/** What a gateway is told of a tenant. */
export interface CustomerProfile {
  name: string | null;
  email: string | null;
  address: {
    line1: string | null;
    line2: string | null;
    city: string | null;
    state: string | null;
    postalCode: string | null;
    country: string | null;
  } | null;
}

export interface CustomerGateway {
  /** One customer a key, for ever: one that was made without an answer is found again (`since`: real time of the first try). */
  create(request: { idempotencyKey: string; tenantId: string; since: number }): Promise<{ reference: string }>;
  /** Tells the gateway who they are. */
  update(reference: string, profile: CustomerProfile): Promise<void>;
  /** null: there is no such customer, or it was deleted. `defaultMethod`: the gateway's name of it. */
  find(reference: string): Promise<{ reference: string; defaultMethod: string | null } | null>;
}

/** A payment method as the gateway has it. */
export interface GatewayMethod {
  reference: string;
  /** card, sepa_debit, us_bank_account, …; a card if not said. */
  kind?: string;
  brand: string | null;
  last4: string | null;
  expMonth?: number | null;
  expYear?: number | null;
  /** The gateway's own time of it. */
  madeAt?: number | null;
}

export interface MethodGateway {
  /** Begins to take a method: who is there finishes it with the secret, on a page that speaks to the gateway itself. */
  setup(request: { idempotencyKey: string; tenantId: string; customer: string }): Promise<{
    reference: string;
    clientSecret: string;
    /** What that page is opened with; public. null: not configured. */
    publicKey: string | null;
  }>;
  /** Those that may be charged. */
  list(customer: string): Promise<GatewayMethod[]>;
  /** null: there is no such method, or it is attached to nobody. */
  find(reference: string): Promise<(GatewayMethod & { customer: string }) | null>;
  makeDefault(customer: string, reference: string): Promise<void>;
  /** One that is gone already is no error. */
  detach(reference: string): Promise<void>;
}

/** By our own names in what the gateway keeps of a payment; all null: it was not made for us. */
export interface PaymentTrace {
  paymentId: string | null;
  checkoutId: string | null;
  /** The gateway's names. */
  orderReference: string | null;
  customer: string | null;
  outcome: Exclude<ChargeOutcome, { status: "unknown" }> & { reference: string };
}

export interface PaymentGateway {
  readonly name: string;
  /** Charges off-session. Never throws for a refusal of the payment; a time-out is `unknown`. */
  charge(request: ChargeRequest): Promise<ChargeOutcome>;
  /** What became of the attempt with this key; null: the gateway never saw it. Throws where the gateway cannot be asked. */
  find(idempotencyKey: string, hints: ChargeHints): Promise<ChargeOutcome | null>;
  /** What an attempt that waits for a person is confirmed with; null: it waits for nobody (any more). */
  confirmation?(reference: string): Promise<Confirmation | null>;
  /** Gives an attempt up that waits for a person, so that it cannot succeed any more; answers what it is then. */
  abandon?(reference: string): Promise<ChargeOutcome>;
  /** Gives a part or all of a charge back. Never throws for a refusal; a time-out is `unknown`. */
  refund(request: RefundRequest): Promise<RefundOutcome>;
  /** What became of the refund with this key, or of this name at the gateway, of that charge; null: the gateway never saw it. */
  findRefund(idempotencyKey: string, paymentReference: string | null, reference?: string | null): Promise<RefundOutcome | null>;
  /** What a payment of this name there is of ours; null: the gateway has none. Throws where the gateway cannot be asked. */
  trace?(reference: string): Promise<PaymentTrace | null>;
  /** Opens a page on which somebody pays; absent: this gateway has none. */
  createCheckout?(request: CheckoutRequest): Promise<{ reference: string; url: string }>;
  /** What became of the page with this key; null: the gateway never saw it. */
  findCheckout?(idempotencyKey: string, reference: string): Promise<CheckoutOutcome | null>;
  /** Of a gateway on whose page an invoice is paid by an order that was made for it. */
  orders?: OrderGateway;
  /** Of a gateway that knows who pays. */
  customers?: CustomerGateway;
  /** Of a gateway that keeps payment methods of its own. */
  methods?: MethodGateway;
  /** A page of the gateway on which they look after their methods. */
  openPortal?(customer: string, returnUrl: string | null): Promise<{ url: string }>;
  /** Only of a gateway for trying out: the method that a test card or token stands for; null: none. */
  testMethod?(card: string): { reference: string; brand: string; last4: string } | null;
}
