/** The sandbox's checkout: pages behind addresses that nobody can guess, on which a test card is chosen instead of typed. */
import { randomBytes } from "node:crypto";
import type { ChargeOutcome, CheckoutOutcome, CheckoutRequest, PaymentGateway } from "../../billing/payments/gateway.ts";
import type { Clock } from "../../clock.ts";
import type { Pool } from "../../db/pool.ts";
import { Refusal } from "../../errors.ts";
import { testCard } from "./cards.ts";
import { findPage, finishPage, putPage, type SandboxPage } from "./checkout-store.ts";

export interface SandboxCheckouts {
  /** The two of the port. */
  create: NonNullable<PaymentGateway["createCheckout"]>;
  find: NonNullable<PaymentGateway["findCheckout"]>;
}

type Charges = Pick<PaymentGateway, "charge" | "find">;

/** `charges`: the gateway's own; what is paid on a page is a charge like any other. */
export function sandboxCheckouts(pool: Pool, clock: Clock, publicUrl: string, charges: Charges): SandboxCheckouts {
  return {
    async create(request: CheckoutRequest) {
      const { mode } = request;
      if (mode === "subscription") throw new Refusal("gateway_error", "The sandbox runs no subscriptions of its own.");
      const page = await putPage(
        pool,
        {
          token: randomBytes(24).toString("base64url"),
          checkout_id: request.idempotencyKey,
          payment_key: request.paymentKey,
          mode,
          amount: request.amountMinor,
          currency: request.currency,
          description: request.description,
          success_url: request.successUrl,
          cancel_url: request.cancelUrl,
          expires_at: request.expiresAt,
        },
        clock.now(),
      );
      return { reference: `sandbox_${page.checkout_id}`, url: `${publicUrl}/sandbox/checkout/${page.token}` };
    },

    async find(idempotencyKey: string) {
      const page = await findPage(pool, "checkout_id", idempotencyKey);
      if (!page) return null;
      if (page.status === "open") {
        const ended = await finishPage(pool, page.token, { status: "expired", card: null }, clock.now());
        return { status: ended ? "expired" : "open" };
      }
      if (page.status !== "completed") return { status: page.status };
      // Should the page have been ended, and the process with it, before the card was charged, it is charged now: once, by its key.
      const charge =
        page.mode === "payment"
          ? ((await charges.find(page.payment_key, { reference: null, customer: null, sentAt: null })) ?? (await chargePage(charges, page)))
          : null;
      return completed(page, charge);
    },
  };
}

/** Somebody who is on the page confirms there and then what a card asks to be confirmed. */
export async function chargePage(charges: Pick<PaymentGateway, "charge">, page: SandboxPage): Promise<ChargeOutcome> {
  const card = testCard(page.card ?? "");
  return charges.charge({
    idempotencyKey: page.payment_key,
    tenantId: "",
    customer: null,
    invoiceId: "",
    invoiceNumber: null,
    amountMinor: page.amount,
    currency: page.currency,
    method: card?.outcome === "requires_action" ? null : page.card,
  });
}

function completed(page: SandboxPage, charge: ChargeOutcome | null): CheckoutOutcome {
  const card = page.card === null ? null : testCard(page.card);
  const method = card && { reference: card.token, brand: card.brand, last4: card.number.slice(-4) };
  if (page.mode === "setup") return { status: "completed", payment: null, method };
  // Money that is on its way is not there yet.
  if (charge?.status !== "succeeded") return { status: "open" };
  return { status: "completed", payment: charge, method };
}
