/** The port that every gateway fulfils. Vendors' words stay behind it: what comes back is one of a few facts. */

export interface ChargeRequest {
  /** The attempt's own key: the same key never charges twice. */
  idempotencyKey: string;
  tenantId: string;
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
  /** `payment`: the amount is taken on the page. `setup`: only a payment method is left there. */
  mode: "payment" | "setup";
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
  | {
      status: "completed";
      /** Of mode payment. */
      payment: { reference: string; amountMinor: bigint; currency: string } | null;
      /** What may be charged from now on; null: the gateway kept nothing. */
      method: { reference: string; brand: string; last4: string } | null;
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

export interface PaymentGateway {
  readonly name: string;
  /** Charges off-session. Never throws for a refusal of the payment; a time-out is `unknown`. */
  charge(request: ChargeRequest): Promise<ChargeOutcome>;
  /** What became of the attempt with this key; null: the gateway never saw it. */
  find(idempotencyKey: string): Promise<ChargeOutcome | null>;
  /** Gives a part or all of a charge back. Never throws for a refusal; a time-out is `unknown`. */
  refund(request: RefundRequest): Promise<RefundOutcome>;
  /** What became of the refund with this key, of that charge; null: the gateway never saw it. */
  findRefund(idempotencyKey: string, paymentReference: string | null): Promise<RefundOutcome | null>;
  /** Opens a page on which somebody pays; absent: this gateway has none. Throws where it cannot be reached. */
  createCheckout?(request: CheckoutRequest): Promise<{ reference: string; url: string }>;
  /** What became of the page with this key; null: the gateway never saw it. */
  findCheckout?(idempotencyKey: string): Promise<CheckoutOutcome | null>;
  /** Of a gateway on whose page an invoice is paid by an order that was made for it. */
  orders?: OrderGateway;
  /** Only of a gateway for trying out: the method that a test card or token stands for; null: none. */
  testMethod?(card: string): { reference: string; brand: string; last4: string } | null;
}
