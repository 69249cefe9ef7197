/** A checkout as the API answers it. */
import { Type } from "typebox";
import { Currency, Instant, Named, Nullable, OneOf, SignedMinor, TenantId } from "../../http/schema.ts";
import { formatInstant } from "../time/instant.ts";
import type { CheckoutRow } from "./checkout-store.ts";

const text = () => Nullable(Type.String());

export const CheckoutView = Named(
  "Checkout",
  Type.Object({
    id: Type.String(),
    tenant_id: TenantId(),
    kind: OneOf(["credits", "plan"]),
    status: OneOf(["open", "completed", "canceled", "expired", "failed"]),
    url: Type.String({ description: "Where the person who pays is sent; empty where the gateway never answered with a page." }),
    expires_at: Instant("From then on the page takes nothing any more; real time, whatever clock the tenant is on."),
    gateway: Type.String(),
    product: text(),
    quantity: Nullable(Type.Integer()),
    plan: text(),
    seats: Nullable(Type.Integer()),
    processor: Nullable(OneOf(["engine", "stripe"], "Of a plan: who runs the subscription that begins on the page.")),
    trial_days: Nullable(Type.Integer({ description: "Where the page says so, or it was asked for; else the plan's own." })),
    currency: Currency(),
    amount: SignedMinor(
      "What is taken on the page, tax included; 0 for a plan, whose first invoice says what it is, made here afterwards or by the processor.",
    ),
    invoice_id: text(),
    subscription_id: text(),
    failure: text(),
    created_at: Instant(),
  }),
);

export function checkoutView(row: CheckoutRow) {
  const { item } = row;
  return {
    id: row.id,
    tenant_id: row.tenant_id,
    kind: row.kind,
    status: row.status,
    url: row.url ?? "",
    expires_at: formatInstant(row.expires_at),
    gateway: row.gateway,
    product: item.kind === "credits" ? item.product : null,
    quantity: item.kind === "credits" ? item.quantity : null,
    plan: item.kind === "plan" ? item.plan : null,
    seats: item.kind === "plan" ? item.seats : null,
    processor: item.kind === "plan" ? (item.offer?.processor ?? ("engine" as const)) : null,
    trial_days: item.kind === "plan" ? (item.offer?.trial_days ?? item.trial_days ?? null) : null,
    currency: row.currency,
    amount: row.amount,
    invoice_id: row.invoice_id,
    subscription_id: row.subscription_id,
    failure: row.failure,
    created_at: formatInstant(row.created_at),
  };
}
