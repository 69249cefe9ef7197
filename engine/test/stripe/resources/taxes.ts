/**
 * Stripe Tax: calculations, which expire; transactions made of them, each reference once in the account; reversals, never of more than is
 * left. Of places it knows a few.
 */
import { found, type Json, missing, type Route, refuse, type State } from "../resource.ts";

interface Rate {
  display_name: string;
  tax_type: string;
  percentage_decimal: string;
  level: string;
  state: string | null;
}

/** Which rates hold where; those of a code that is named are others. */
const RATES: Readonly<Record<string, readonly Rate[]>> = {
  DE: [{ display_name: "VAT", tax_type: "vat", percentage_decimal: "19.0", level: "country", state: null }],
  FR: [{ display_name: "VAT", tax_type: "vat", percentage_decimal: "20.0", level: "country", state: null }],
  "US-CA": [
    { display_name: "CA State Tax", tax_type: "sales_tax", percentage_decimal: "6.25", level: "state", state: "CA" },
    { display_name: "SAN FRANCISCO", tax_type: "sales_tax", percentage_decimal: "2.375", level: "county", state: "CA" },
  ],
};
const BOOKS: Rate = { display_name: "VAT", tax_type: "vat", percentage_decimal: "7.0", level: "country", state: null };
export const BOOKS_CODE = "txcd_10502000";
/** Goods on which nothing is put anywhere. */
export const FREE_CODE = "txcd_00000000";
const DEFAULT_CODE = "txcd_10000000";
const SELLER = "DE";

const list = (data: Json[], url: string) => ({ object: "list", has_more: false, url, data });
const itemsOf = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);

function breakdown(amount: number, code: string, behavior: string, details: Json): Json[] {
  const address = details.address as Json;
  const country = String(address.country);
  const rates =
    code === FREE_CODE ? [] : code === BOOKS_CODE ? [BOOKS] : (RATES[country === "US" ? `US-${String(address.state)}` : country] ?? []);
  const part = (rate: Rate | null, reason: string, taxable: number, tax: number): Json => ({
    amount: tax,
    jurisdiction: { country, display_name: country, level: rate?.level ?? "country", state: rate?.state ?? null },
    sourcing: "destination",
    tax_rate_details: rate && { display_name: rate.display_name, percentage_decimal: rate.percentage_decimal, tax_type: rate.tax_type },
    taxability_reason: reason,
    taxable_amount: taxable,
  });
  if (details.taxability_override === "customer_exempt") return [part(null, "customer_exempt", 0, 0)];
  if (itemsOf(details.tax_ids).length > 0 && country !== SELLER && country !== "US") return [part(null, "reverse_charge", 0, 0)];
  if (rates.length === 0) return [part(null, code === FREE_CODE ? "product_exempt" : "not_collecting", 0, 0)];
  const percent = rates.reduce((sum, rate) => sum + Number(rate.percentage_decimal), 0);
  const taxable = behavior === "inclusive" ? Math.round((amount * 100) / (100 + percent)) : amount;
  return rates.map((rate) => part(rate, "standard_rated", taxable, Math.round((taxable * Number(rate.percentage_decimal)) / 100)));
}

function calculate(form: Json, stripe: State): Json {
  const id = stripe.id("taxcalc");
  const details = form.customer_details as Json;
  const lines = itemsOf(form.line_items).map((item) => {
    const code = String(item.tax_code ?? DEFAULT_CODE);
    const behavior = String(item.tax_behavior ?? "exclusive");
    const parts = breakdown(Number(item.amount), code, behavior, details);
    return {
      id: stripe.id("tax_li"),
      object: "tax.calculation_line_item",
      amount: Number(item.amount),
      amount_tax: parts.reduce((sum, one) => sum + Number(one.amount), 0),
      livemode: false,
      metadata: null,
      product: null,
      quantity: 1,
      reference: item.reference,
      tax_behavior: behavior,
      tax_breakdown: parts,
      tax_code: code,
    };
  });
  return {
    id,
    object: "tax.calculation",
    currency: form.currency,
    customer: null,
    customer_details: details,
    expires_at: stripe.now + 90 * 86_400,
    line_items: list(lines, `/v1/tax/calculations/${id}/line_items`),
  };
}

const known = (stripe: State, reference: unknown) => stripe.all("tax.transaction").some((one) => one.reference === reference);
const taken = (reference: unknown) =>
  refuse(400, {
    code: "resource_already_exists",
    message: `A transaction with the reference ${String(reference)} exists.`,
    param: "reference",
  });

export const taxes: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/tax/calculations",
    act({ form }, stripe) {
      const address = ((form.customer_details as Json | undefined)?.address ?? {}) as Json;
      const items = itemsOf(form.line_items);
      if (items.some((item) => !/^\d+$/.test(String(item.amount)) || Number(item.amount) === 0))
        return refuse(400, { message: "Invalid positive integer", param: "line_items[0][amount]" });
      if (new Set(items.map((item) => item.reference)).size !== items.length) return refuse(400, { message: "References must be unique." });
      if (address.country === "US" && !/^\d{5}$/.test(String(address.postal_code)))
        return refuse(400, {
          code: "customer_tax_location_invalid",
          message: "The customer's location isn't recognized. Set a valid customer address in order to automatically calculate tax.",
          param: "customer_details[address]",
        });
      return found(stripe.put(calculate(form, stripe) as Json & { id: string }));
    },
  },
  {
    method: "POST",
    path: "/v1/tax/transactions/create_from_calculation",
    act({ form }, stripe) {
      const calculation = stripe.objects.get(String(form.calculation));
      if (calculation?.object !== "tax.calculation") return missing("calculation", String(form.calculation), "calculation");
      if (Number(calculation.expires_at) < stripe.now) return refuse(400, { message: "This calculation has expired." });
      if (known(stripe, form.reference)) return taken(form.reference);
      const lines = itemsOf((calculation.line_items as Json).data).map(({ tax_breakdown: _, ...line }) => ({
        ...line,
        id: stripe.id("tax_li"),
        object: "tax.transaction_line_item",
        reversal: null,
        type: "transaction",
      }));
      const id = stripe.id("tax");
      return found(
        stripe.put({
          id,
          object: "tax.transaction",
          currency: calculation.currency,
          metadata: form.metadata ?? {},
          reference: form.reference,
          reversal: null,
          type: "transaction",
          line_items: list(lines, `/v1/tax/transactions/${id}/line_items`),
        }),
      );
    },
  },
  {
    method: "POST",
    path: "/v1/tax/transactions/create_reversal",
    act({ form }, stripe) {
      const original = stripe.objects.get(String(form.original_transaction));
      if (original?.object !== "tax.transaction") return missing("transaction", String(form.original_transaction), "original_transaction");
      if (known(stripe, form.reference)) return taken(form.reference);
      const sold = itemsOf((original.line_items as Json).data);
      const before = stripe
        .all("tax.transaction")
        .filter((one) => (one.reversal as Json | null)?.original_transaction === original.id)
        .flatMap((one) => itemsOf((one.line_items as Json).data));
      const left = (line: Json, field: string) =>
        before.reduce(
          (sum, one) => ((one.reversal as Json).original_line_item === line.id ? sum + Number(one[field]) : sum),
          Number(line[field]),
        );
      const asked: Json[] =
        form.mode === "full"
          ? sold.map((line) => ({ original_line_item: line.id, amount: -left(line, "amount"), amount_tax: -left(line, "amount_tax") }))
          : itemsOf(form.line_items);
      for (const one of asked) {
        const line = sold.find((candidate) => candidate.id === one.original_line_item);
        if (!line) return missing("line_item", String(one.original_line_item), "line_items[0][original_line_item]");
        if (Number(one.amount) > 0 || -Number(one.amount) > left(line, "amount") || -Number(one.amount_tax) > left(line, "amount_tax"))
          return refuse(400, { message: "The reversal is of more than what is left of the line.", param: "line_items[0][amount]" });
      }
      const id = stripe.id("tax");
      const lines = asked.map((one) => ({
        id: stripe.id("tax_li"),
        object: "tax.transaction_line_item",
        amount: Number(one.amount),
        amount_tax: Number(one.amount_tax),
        reference: one.reference ?? "full",
        reversal: { original_line_item: one.original_line_item },
        type: "reversal",
      }));
      return found(
        stripe.put({
          id,
          object: "tax.transaction",
          currency: original.currency,
          metadata: {},
          reference: form.reference,
          reversal: { original_transaction: original.id },
          type: "reversal",
          line_items: list(lines, `/v1/tax/transactions/${id}/line_items`),
        }),
      );
    },
  },
];
