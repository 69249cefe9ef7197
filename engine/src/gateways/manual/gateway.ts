/**
 * Money that comes from outside any gateway, behind the port: a bank transfer, a cheque. Nobody can be charged by it and nothing is ever sent
 * to it; what came is reported (`reconcile`), and what a person gave back is confirmed by a person (`POST /v1/refunds/{id}/confirm`).
 */
import type { PaymentGateway } from "../../billing/payments/gateway.ts";

export function manualGateway(): PaymentGateway {
  return {
    name: "manual",
    charge: async () => ({
      status: "failed",
      reference: null,
      code: "payer_needed",
      reason: "Money by bank transfer is sent by who pays: send the invoice, and report what arrives.",
    }),
    find: async () => null,
    refund: async ({ idempotencyKey }) => ({ status: "pending", reference: idempotencyKey }),
    // Whether a person gave it back is known here, and not by anybody who could be asked.
    findRefund: async () => null,
  };
}
