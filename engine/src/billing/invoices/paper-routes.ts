/** HTTP of an invoice on paper: its PDF, and its public page behind an address that nobody can guess. */
import type { FastifyInstance, FastifyReply } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { Refusal } from "../../errors.ts";
import { Printed, route } from "../../http/route.ts";
import { Closed, OneOf, Text } from "../../http/schema.ts";
import { listCreditNotes } from "./credit-store.ts";
import { readInvoice } from "./find-invoice.ts";
import { hostedPage, PAGE_POLICY } from "./hosted-page.ts";
import { type Paper, paperOf } from "./paper.ts";
import { type PaperSize, printPdf } from "./pdf.ts";
import { requestSending } from "./send.ts";
import { findHosted, type InvoiceRow, readLines } from "./store.ts";

const Size = Closed({ size: Type.Optional(OneOf(["a4", "letter"], "A4 if not said.")) });
const File = Type.Unsafe<Buffer>({ content: { "application/pdf": { schema: { type: "string", format: "binary" } } } });
const SendingView = Type.Object({ invoice_id: Type.String(), channel: Type.String(), to: Type.String(), status: Type.String() });
const Token = Type.Object({ token: Type.String({ maxLength: 64 }) });

export function invoicePaperRoutes(app: FastifyInstance, ctx: Context): void {
  const db = onPool(ctx.pool);
  const paperFor = async (row: InvoiceRow): Promise<(printable: (text: string) => boolean) => Paper> => {
    const lines = (await readLines(db, [row.tenant_id], [row.id])).get(row.id) ?? [];
    const credits = row.credited === 0n ? [] : await listCreditNotes(db, row.id, row.tenant_id);
    return (printable) => paperOf({ row, lines, credits, seller: ctx.config.seller }, printable);
  };
  const pdf = async (row: InvoiceRow, size: PaperSize, reply: FastifyReply) => {
    const file = await printPdf(await paperFor(row), size, row.issued_at ?? row.created_at);
    reply
      .header("content-type", "application/pdf")
      .header("content-disposition", `inline; filename="${(row.number ?? row.id).replace(/[^\w.-]/g, "_")}.pdf"`)
      .header("cache-control", "private, no-store");
    return new Printed(file);
  };
  const hosted = async (token: string): Promise<InvoiceRow> => {
    const row = /^[\w-]{32}$/.test(token) ? await findHosted(db, token) : null;
    if (!row || row.status === "draft") throw new Refusal("not_found", "There is no such invoice.");
    return row;
  };

  route(app, ctx, {
    method: "GET",
    url: "/v1/invoices/:id/pdf",
    permission: "billing.read",
    summary: "Read an invoice as a PDF",
    params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
    query: Size,
    response: { 200: File },
    handle: async ({ params, query, principal, reply }) =>
      pdf(await readInvoice(db, params.id, principal.tenantId), query.size ?? "a4", reply),
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/invoices/:id/send",
    permission: "billing.write",
    summary: "Send an invoice by mail or WhatsApp",
    params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
    body: Type.Optional(
      Closed({
        channel: Type.Optional(OneOf(["email", "whatsapp"], "Mail if not said.")),
        to: Type.Optional(Text(254, "A mail address, the tenant's own if not said; or a telephone number such as +14155550123.")),
      }),
    ),
    response: { 202: SendingView },
    handle: async ({ params, body, principal, write }) => {
      const { id, tenant_id } = await readInvoice(db, params.id, principal.tenantId);
      return write(
        async (tx) => {
          const { channel, to } = await requestSending(tx, {
            invoiceId: id,
            tenantId: tenant_id,
            channel: body?.channel ?? "email",
            to: body?.to,
          });
          return { invoice_id: id, channel, to, status: "queued" };
        },
        { status: 202, tenantId: tenant_id },
      );
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/i/:token",
    permission: "public",
    summary: "The public page of an invoice",
    params: Token,
    documented: false,
    handle: async ({ params, reply }) => {
      const row = await hosted(params.token);
      const paper = (await paperFor(row))(() => true);
      reply
        .header("content-type", "text/html; charset=utf-8")
        .header("content-security-policy", PAGE_POLICY)
        .header("referrer-policy", "no-referrer")
        .header("cache-control", "private, no-store")
        .header("x-content-type-options", "nosniff");
      return new Printed(hostedPage(paper, `/i/${params.token}/pdf`));
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/i/:token/pdf",
    permission: "public",
    summary: "The public PDF of an invoice",
    params: Token,
    query: Size,
    documented: false,
    handle: async ({ params, query, reply }) => pdf(await hosted(params.token), query.size ?? "a4", reply),
  });
}
