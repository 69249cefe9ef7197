/** Money from outside as the API takes and answers it. */
import { Type } from "typebox";
import { Currency, Instant as InstantText, Named, Nullable, OneOf, SignedMinor, TenantId, Text } from "../../http/schema.ts";
import { RECEIPT_METHODS } from "../payments/receipt.ts";
import type { ReceiptRow, ReceiptUse } from "../payments/receipt-store.ts";
import { formatInstant } from "../time/instant.ts";
import { InvoiceView } from "./view.ts";

const text = () => Nullable(Type.String());
export const PositiveMinor = (description: string) => Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description });

/** What the operator says of money that came. */
export const RECEIVED = {
  method: OneOf(RECEIPT_METHODS, "How it came."),
  reference: Type.String({
    minLength: 1,
    maxLength: 140,
    description: "The bank's name of the payment: a UTR, a cheque's number. Counts once per tenant.",
  }),
  amount: PositiveMinor("What came, in minor units."),
  currency: Type.Optional(Currency()),
  received_at: InstantText("When it came."),
  note: Type.Optional(Text(500)),
};

const FIELDS = {
  id: Type.String(),
  tenant_id: TenantId(),
  method: OneOf(RECEIPT_METHODS),
  reference: Type.String(),
  currency: Currency(),
  amount: SignedMinor("What came."),
  note: text(),
  received_at: InstantText(),
  created_at: InstantText(),
};

export const UnappliedView = Named(
  "UnappliedPayment",
  Type.Object({
    ...FIELDS,
    left: SignedMinor("What no invoice, balance or return has taken yet."),
    applied: SignedMinor("What invoices took."),
    to_balance: SignedMinor("What became the tenant's balance."),
    returned: SignedMinor("What was given back."),
    uses: Type.Array(
      Type.Object({
        kind: OneOf(["applied", "balance", "returned"]),
        amount: SignedMinor(),
        invoice_id: text(),
        payment_id: text(),
        note: text(),
        created_at: InstantText(),
      }),
    ),
  }),
);

function fieldsOf(row: ReceiptRow) {
  return {
    id: row.id,
    tenant_id: row.tenant_id,
    method: row.method,
    reference: row.reference,
    currency: row.currency,
    amount: row.amount,
    note: row.note,
    received_at: formatInstant(row.received_at),
    created_at: formatInstant(row.created_at),
  };
}

export function unappliedView(row: ReceiptRow, uses: readonly ReceiptUse[]) {
  const sum = (kind: ReceiptUse["kind"]) => uses.reduce((all, use) => (use.kind === kind ? all + use.amount : all), 0n);
  return {
    ...fieldsOf(row),
    left: row.amount_left,
    applied: sum("applied"),
    to_balance: sum("balance"),
    returned: sum("returned"),
    uses: uses.map(({ kind, amount, invoice_id, payment_id, note, created_at }) => ({
      kind,
      amount,
      invoice_id,
      payment_id,
      note,
      created_at: formatInstant(created_at),
    })),
  };
}

/** With the invoice as it stands now. */
export const ReconciliationView = Named(
  "Reconciliation",
  Type.Object({ ...FIELDS, payment_id: text(), invoice_id: text(), invoice: InvoiceView }),
);

export function reconciliationView(row: ReceiptRow, uses: readonly ReceiptUse[], invoice: unknown) {
  return { ...fieldsOf(row), payment_id: uses[0]?.payment_id ?? null, invoice_id: row.invoice_id, invoice };
}
