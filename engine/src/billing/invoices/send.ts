/** Sends an invoice to people: asked for in a write, carried by a job, noted when the carrier has taken it. */
import { ENGINE } from "../../auth/principal.ts";
import { commit, type Tx } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { invalidField, Refusal } from "../../errors.ts";
import { newId } from "../../ids.ts";
import { getInvoice, readInvoice } from "./find-invoice.ts";
import type { Channel } from "./notifier.ts";
import { paperOf } from "./paper.ts";
import { printPdf } from "./pdf.ts";
import { readLines } from "./store.ts";
import { transferLines, transferOf } from "./transfer.ts";
import { hostedUrl } from "./view.ts";

export interface Sending {
  id: string;
  invoice: string;
  tenant: string;
  channel: Channel;
  to: string;
}

const ADDRESS: Record<Channel, RegExp> = { email: /^[^\s@<>]{1,64}@[^\s@<>]{1,190}$/, whatsapp: /^\+?[1-9]\d{6,14}$/ };

/** `to`: the tenant's mail address on the invoice if not said. */
export async function requestSending(
  tx: Tx,
  input: { invoiceId: string; tenantId: string; channel: Channel; to?: string | undefined },
): Promise<Sending> {
  const invoice = await getInvoice(tx, input.invoiceId, input.tenantId);
  if (invoice.status === "draft" || invoice.status === "void")
    throw new Refusal("invalid_state", `The invoice is ${invoice.status}, so it is not sent.`, { extra: { state: invoice.status } });
  if (tx.ctx.notifiers[input.channel] === null)
    throw new Refusal("unavailable", `The channel ${input.channel} is not configured on this engine.`);
  const to = input.to ?? (input.channel === "email" ? invoice.bill_to?.email : null);
  if (!to || !ADDRESS[input.channel].test(to))
    throw invalidField(
      "to",
      input.channel === "email" ? "must be a mail address: the tenant has none" : "must be a telephone number such as +14155550123",
    );
  const sending: Sending = { id: newId("sending"), invoice: invoice.id, tenant: invoice.tenant_id, channel: input.channel, to };
  tx.enqueue({ name: "send-invoice", key: sending.id, payload: { ...sending } });
  return sending;
}

/** The errand behind the job. It throws where the carrier did not take it; the queue tries again. */
export async function sendInvoice(ctx: Context, sending: Sending): Promise<void> {
  const notifier = ctx.notifiers[sending.channel];
  if (!notifier) throw new Error(`the channel ${sending.channel} is not configured`);
  const db = onPool(ctx.pool);
  const row = await readInvoice(db, sending.invoice, sending.tenant);
  const lines = (await readLines(db, [row.tenant_id], [row.id])).get(row.id) ?? [];
  const { publicUrl, seller } = ctx.config;
  const content = await printPdf(
    (printable) => paperOf({ row, lines, credits: [], seller }, printable),
    "a4",
    row.issued_at ?? row.created_at,
  );
  const from = seller.name === null ? "" : ` from ${seller.name}`;
  await notifier.send({
    key: sending.id,
    to: sending.to,
    subject: `Invoice ${row.number}${from}`,
    text: [`Invoice ${row.number}${from}: ${hostedUrl(row, publicUrl)}`, ...transferWords(transferLines(transferOf(row, seller)))].join(
      "\n",
    ),
    file: { name: `${row.number}.pdf`, content, url: `${hostedUrl(row, publicUrl)}/pdf` },
  });
  await commit(ctx, { principal: ENGINE, tenantId: row.tenant_id }, async (tx) => {
    tx.emit({
      type: "invoice.sent",
      tenantId: row.tenant_id,
      subject: row.id,
      // Events outlive an erasure, so the address is not in them.
      summary: `Invoice ${row.number} was sent by ${sending.channel}.`,
      data: { invoice: row.id, number: row.number, subscription: row.subscription_id, channel: sending.channel, sending: sending.id },
    });
  });
}

function transferWords(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", "Pay by bank transfer:", ...lines];
}
