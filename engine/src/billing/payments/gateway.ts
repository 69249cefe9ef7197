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
  amountMinor: bigint;
  currency: string;
}

export type RefundOutcome =
  | { status: "succeeded"; reference: string }
  | { status: "failed"; reference: string | null; code: string; reason: string }
  | { status: "pending"; reference: string }
  | { status: "unknown"; reason: string };

export interface PaymentGateway {
  readonly name: string;
  /** Charges off-session. Never throws for a refusal of the payment; a time-out is `unknown`. */
  charge(request: ChargeRequest): Promise<ChargeOutcome>;
  /** What became of the attempt with this key; null: the gateway never saw it. */
  find(idempotencyKey: string): Promise<ChargeOutcome | null>;
  /** Gives a part or all of a charge back. Never throws for a refusal; a time-out is `unknown`. */
  refund(request: RefundRequest): Promise<RefundOutcome>;
  /** What became of the refund with this key; null: the gateway never saw it. */
  findRefund(idempotencyKey: string): Promise<RefundOutcome | null>;
  /** Only of a gateway for trying out: the method that a test card or token stands for; null: none. */
  testMethod?(card: string): { reference: string; brand: string; last4: string } | null;
}
