/** What messages about payments do: the same as the same word over HTTP, once. */
import { ENGINE } from "../auth/principal.ts";
import { readInvoice } from "../billing/invoices/find-invoice.ts";
import { reconcile } from "../billing/invoices/reconcile.ts";
import { checkedReceipt } from "../billing/payments/receipt.ts";
import type { Instant } from "../billing/time/instant.ts";
import { commit } from "../commit.ts";
import type { Context } from "../context.ts";
import { onPlatform } from "../db/pool.ts";
import { invalidField } from "../errors.ts";
import { receive } from "../webhooks/inbound/receive.ts";
import { type ReportMessage, readPaymentMessage, type WebhookMessage } from "./forms.ts";

interface Raw {
  body: string;
  attributes: Readonly<Record<string, string>>;
  sentAt: Instant | null;
}

/** A message of the queue of Stripe's events. */
export async function takeStripeEvent(ctx: Context, { body, attributes, sentAt }: Raw): Promise<void> {
  const message = readPaymentMessage(body, { ...attributes, gateway: "stripe" });
  if (message.kind !== "webhook") throw invalidField("", "must be a webhook");
  await store(ctx, { ...message, gateway: "stripe" }, sentAt);
}

/** A message of the queue of payments: any gateway's webhook, or a report. */
export async function takePayment(ctx: Context, { body, attributes, sentAt }: Raw): Promise<void> {
  const message = readPaymentMessage(body, attributes);
  await (message.kind === "webhook" ? store(ctx, message, sentAt) : report(ctx, message));
}

// By its signature, as if the gateway had called when the queue took it: who may write to a queue is not yet who may say that money came,
// and a signature does not grow stale while it waits there.
async function store(ctx: Context, { gateway, body, headers }: WebhookMessage, sentAt: Instant | null): Promise<void> {
  await receive(ctx, { gateway, body, headers, ...(sentAt === null ? {} : { at: sentAt }) });
}

async function report(ctx: Context, { report }: ReportMessage): Promise<void> {
  const { id, tenant_id: tenantId } = await readInvoice(onPlatform(ctx.pool), report.invoice_id, null);
  await commit(ctx, { principal: ENGINE, tenantId, source: "queue" }, (tx) =>
    reconcile(tx, { ...checkedReceipt(report, tx.now), currency: report.currency, invoiceId: id, tenantId }),
  );
}
