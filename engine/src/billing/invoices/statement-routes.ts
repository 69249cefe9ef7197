/** HTTP of bank statements: read in, looked through, and decided row by row. All of it is the operator's. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { invalidField, Refusal, tenantNotFound } from "../../errors.ts";
import { DEFAULT_LIMIT, decodeCursor, pageOf } from "../../http/list.ts";
import { route } from "../../http/route.ts";
import { Closed, Currency, Instant as InstantText, ListQuery, Named, Nullable, OneOf, SignedMinor, Text } from "../../http/schema.ts";
import { isId } from "../../ids.ts";
import { decodeStatement, readStatement } from "../payments/bank-file.ts";
import { formatInstant } from "../time/instant.ts";
import { acceptRow, ignoreRow } from "./accept-row.ts";
import { readInvoice } from "./find-invoice.ts";
import { importStatement } from "./import-statement.ts";
import { clearMatch } from "./match-row.ts";
import { findStatement, findStatementLine, listStatementLines, type StatementLine, type StatementRow } from "./statement-store.ts";

const BODY_LIMIT = 32 * 1_048_576;
const text = () => Nullable(Type.String());
const OfOne = Type.Object({ id: Type.String({ maxLength: 64 }) });
const OfRow = Type.Object({
  id: Type.String({ maxLength: 64 }),
  row: Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: "Its line in the file." }),
});

const STATEMENT = {
  id: Type.String(),
  name: text(),
  rows: Type.Integer({ description: "Rows of the file." }),
  credits: Type.Integer({ description: "Those that brought money." }),
  known: Type.Integer({ description: "Of these, those that a statement before had: not stored again." }),
  created_at: InstantText(),
};
const StatementView = Named("BankStatement", Type.Object(STATEMENT));
const RowView = Named(
  "BankStatementRow",
  Type.Object({
    row: Type.Integer({ description: "Its line in the file." }),
    status: OneOf(["open", "accepted", "ignored"]),
    date: Type.String(),
    description: Type.String(),
    reference: Type.String(),
    currency: Currency(),
    amount: SignedMinor(),
    matches: Type.Array(
      Type.Object({
        invoice: Type.String(),
        number: Type.String(),
        tenant: Type.String(),
        amount_due: SignedMinor("When the statement was read."),
        confidence: OneOf(["high", "medium", "low"]),
        why: Type.Array(
          OneOf(["reference", "number", "amount", "tenant_name", "tenant_id", "amount_differs", "nothing_due", "other_currency"]),
        ),
      }),
      { description: "What it may pay, the most certain first." },
    ),
    tenant_id: text(),
    payment: Nullable(Type.String({ description: "What it was accepted as." })),
  }),
);

export function statementRoutes(app: FastifyInstance, ctx: Context): void {
  const db = onPool(ctx.pool);
  const statement = async (id: string): Promise<StatementRow> => {
    const row = isId("bankStatement", id) ? await findStatement(db, id) : null;
    if (!row) throw new Refusal("not_found", "There is no such bank statement.");
    return row;
  };

  void app.register((scope, _options, done) => {
    // Only here is CSV a body.
    scope.addContentTypeParser("text/csv", { parseAs: "buffer" }, (_request, bytes, parsed) => {
      try {
        parsed(null, { csv: decodeStatement(bytes as Buffer) });
      } catch (error) {
        parsed(error as Error);
      }
    });
    route(scope, ctx, {
      method: "POST",
      url: "/v1/bank-statements",
      permission: "operate",
      summary: "Read a bank's statement in, as text/csv or JSON: each row that brought money is matched with invoices",
      query: Closed({ name: Type.Optional(Text(200, "Of the file, for people; of text/csv.")), currency: Type.Optional(Currency()) }),
      body: Closed({
        csv: Type.String({ minLength: 1, maxLength: BODY_LIMIT }),
        name: Type.Optional(Text(200, "Of the file, for people.")),
        mapping: Type.Optional(
          Closed({
            columns: Type.Optional(
              Closed(
                Object.fromEntries(
                  ["date", "description", "reference", "payer", "credit", "debit", "amount", "side", "currency"].map((column) => [
                    column,
                    Type.Optional(Text(200)),
                  ]),
                ),
                { description: "The file's own names of them, where they are not found." },
              ),
            ),
            decimal: Type.Optional(OneOf([".", ","], "What parts decimals, where nothing in the file tells.")),
            date_order: Type.Optional(OneOf(["dmy", "mdy"], "Day first if nothing tells.")),
            currency: Type.Optional(Currency()),
          }),
        ),
      }),
      response: { 201: StatementView },
      bodyLimit: BODY_LIMIT,
      handle: ({ body, query, write }) => {
        const mapping = { ...body.mapping, currency: body.mapping?.currency ?? query.currency };
        const read = readStatement(body.csv, mapping);
        const name = body.name ?? query.name ?? null;
        return write(async (tx) => statementView(await importStatement(tx, { name, ...read })), { status: 201, tenantId: null });
      },
    });
    done();
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/bank-statements/:id",
    permission: "operate",
    summary: "Read a bank statement with its rows and what they may pay",
    params: OfOne,
    query: Closed({ ...ListQuery, status: Type.Optional(OneOf(["open", "accepted", "ignored"])) }),
    response: { 200: Type.Object({ ...STATEMENT, items: Type.Array(RowView), next_cursor: text() }) },
    handle: async ({ params, query }) => {
      const row = await statement(params.id);
      const limit = query.limit ?? DEFAULT_LIMIT;
      const after = decodeCursor(query.cursor, 1)?.[0] ?? "0";
      if (!/^\d{1,9}$/.test(after)) throw invalidField("cursor", "is not a cursor of this list");
      const rows = await listStatementLines(db, row.id, { status: query.status ?? null, after, limit: limit + 1 });
      return { ...statementView(row), ...pageOf(rows, limit, rowView, ({ line }) => [line]) };
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/bank-statements/:id/rows/:row/accept",
    permission: "operate",
    summary: "Settle an invoice with a row: the one named, or the only likely one; or keep it for a tenant as unapplied",
    params: OfRow,
    body: Type.Optional(
      Closed({
        invoice: Type.Optional(Text(64, "The id of an invoice.")),
        tenant: Type.Optional(Text(64, "Whose money it is, where it fits no invoice.")),
      }),
    ),
    response: { 200: RowView },
    handle: async ({ params, body, write }) => {
      const { id } = await statement(params.id);
      const where = { statementId: id, line: params.row };
      const whose = await target(where, body ?? {});
      return write(async (tx) => rowView(await acceptRow(tx, { ...where, ...whose })), { tenantId: whose.tenantId, across: true });
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/bank-statements/:id/rows/:row/ignore",
    permission: "operate",
    summary: "Set a row aside: it is no payment of a tenant",
    params: OfRow,
    body: Type.Optional(Closed({})),
    response: { 200: RowView },
    handle: async ({ params, write }) => {
      const { id } = await statement(params.id);
      return write(async (tx) => rowView(await ignoreRow(tx, { statementId: id, line: params.row })), { tenantId: null });
    },
  });

  async function target({ statementId, line }: { statementId: string; line: number }, said: { invoice?: string; tenant?: string }) {
    if (said.invoice !== undefined && said.tenant !== undefined) throw invalidField("tenant", "goes without an invoice");
    if (said.tenant !== undefined) {
      if (!(await ctx.tenants.find(said.tenant))) throw tenantNotFound(said.tenant);
      return { tenantId: said.tenant, invoiceId: null };
    }
    const row = await findStatementLine(db, statementId, line);
    if (!row) throw new Refusal("not_found", "There is no such row.");
    const wanted = said.invoice ?? clearMatch(row.matches)?.invoice;
    if (wanted === undefined) throw invalidField("invoice", "must be said: no invoice, or more than one, is likely");
    const invoice = await readInvoice(db, wanted, null);
    return { tenantId: invoice.tenant_id, invoiceId: invoice.id };
  }
}

function statementView(row: StatementRow) {
  return { ...row, created_at: formatInstant(row.created_at) };
}

function rowView({ line, status, booked_on, description, reference, currency, amount, matches, tenant_id, receipt_id }: StatementLine) {
  return {
    row: line,
    status,
    date: booked_on,
    description,
    reference,
    currency,
    amount,
    matches: matches.map((match) => ({ ...match, amount_due: BigInt(match.amount_due) })),
    tenant_id,
    payment: receipt_id,
  };
}
