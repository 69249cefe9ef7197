/**
 * Stripe Tax as a tax engine: a calculation for what an invoice sells, a transaction of it once it is issued, reversals of what is taken
 * back. Each line of a calculation is a code of goods; its reference there is its place.
 */
import type Stripe from "stripe";
import type { LineTax } from "../billing/invoices/invoice.ts";
import {
  type OutsideTaxEngine,
  type TaxAnswer,
  type TaxBuyer,
  TaxRecorded,
  TaxRefused,
  type TaxStatus,
} from "../billing/invoices/tax-engine.ts";
import type { Config } from "../config.ts";
import { AmountNotTaken, fromStripe, toRefund } from "../gateways/stripe/amount.ts";
import { type StripeClient, StripeRefusal } from "../gateways/stripe/client.ts";
import { newId } from "../ids.ts";
import { taxIdType } from "./tax-ids.ts";

type Settings = Pick<Config, "stripeTaxCodes" | "stripeTaxBehavior">;

export function stripeTaxEngine(client: StripeClient, settings: Settings): OutsideTaxEngine {
  const { stripeTaxCodes: codes, stripeTaxBehavior: behavior } = settings;
  return {
    kind: "outside",
    name: "stripe",

    codeOf: ({ planKey, priceKey }) => codes[`${planKey}.${priceKey}`] ?? codes[planKey ?? ""] ?? codes["*"] ?? "",

    calculate: ({ buyer, currency, sums }) =>
      heard(async () => {
        const calculation = await client.call("tax.calculations.create", "tax.calculation", (stripe) =>
          stripe.tax.calculations.create(
            {
              currency,
              customer_details: detailsOf(buyer),
              line_items: sums.map(({ code, amountMinor }, index) => ({
                amount: toRefund(amountMinor, currency),
                reference: String(index),
                tax_behavior: behavior,
                ...(code === "" ? {} : { tax_code: code }),
              })),
              expand: ["line_items.data.tax_breakdown"],
            },
            // It changes nothing there: each time it is asked anew.
            { idempotencyKey: newId("taxAnswer") },
          ),
        );
        const lines = await linesOf(client, calculation);
        if (calculation.id === null || lines.length !== sums.length)
          throw new Error("Stripe Tax answered a calculation without its lines.");
        const taxes = sums.map((_, index) => taxesOf(lineAt(lines, index), currency));
        return { reference: calculation.id, status: statusOf(lines), taxes } satisfies TaxAnswer;
      }),

    record: ({ reference, calculation, currency, codes: sold }) =>
      heard(async () => {
        const made = await client.call("tax.transactions.create_from_calculation", "tax.transaction", (stripe) =>
          stripe.tax.transactions.createFromCalculation(
            { calculation, reference, metadata: { billwright_invoice: reference }, expand: ["line_items"] },
            { idempotencyKey: `tax-${reference}` },
          ),
        );
        const lines = await recordedLines(client, made);
        const sums = lines.map((line) => ({
          code: sold[Number(line.reference)] ?? "",
          amountMinor: fromStripe(line.amount, currency),
          taxMinor: fromStripe(line.amount_tax, currency),
          line: line.id,
        }));
        return { reference: made.id, sums };
      }),

    reverse: ({ reference, sale, currency, sums }) =>
      heard(async () => {
        const made = await client.call("tax.transactions.create_reversal", "tax.transaction", (stripe) =>
          stripe.tax.transactions.createReversal(
            {
              mode: sums === null ? "full" : "partial",
              original_transaction: sale,
              reference,
              ...(sums === null
                ? {}
                : {
                    line_items: sums.map(({ amountMinor, taxMinor, line }, index) => ({
                      amount: -toRefund(amountMinor, currency),
                      amount_tax: -toRefund(taxMinor, currency),
                      original_line_item: line,
                      reference: `${reference}-${index}`,
                    })),
                  }),
            },
            { idempotencyKey: `tax-${reference}` },
          ),
        );
        return { reference: made.id };
      }),
  };
}

/** Refusals in the words of the port. */
async function heard<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof AmountNotTaken) throw new TaxRefused(error.message);
    if (!(error instanceof StripeRefusal)) throw error;
    if (error.param === "reference" || error.code === "resource_already_exists") throw new TaxRecorded(error.message);
    throw new TaxRefused(error.message);
  }
}

function detailsOf(buyer: TaxBuyer): Stripe.Tax.CalculationCreateParams.CustomerDetails {
  if (buyer.country === null) throw new TaxRefused("Neither the buyer's country nor the seller's (SELLER_COUNTRY) is known.");
  const type = buyer.taxId === null ? null : taxIdType(buyer.country);
  return {
    address: {
      country: buyer.country,
      ...(buyer.region === null ? {} : { state: buyer.region }),
      ...(buyer.city === null ? {} : { city: buyer.city }),
      ...(buyer.postalCode === null ? {} : { postal_code: buyer.postalCode }),
      ...(buyer.line1 === null ? {} : { line1: buyer.line1 }),
      ...(buyer.line2 === null ? {} : { line2: buyer.line2 }),
    },
    address_source: "billing",
    ...(buyer.taxId === null || type === null ? {} : { tax_ids: [{ type, value: buyer.taxId }] }),
    ...(buyer.exempt ? { taxability_override: "customer_exempt" } : {}),
  };
}

type Line = Stripe.Tax.CalculationLineItem;

async function linesOf(client: StripeClient, calculation: Stripe.Tax.Calculation): Promise<Line[]> {
  const { id, line_items: first } = calculation;
  if (!first || !id) return [];
  if (!first.has_more) return first.data;
  const all = await client.call("tax.calculations.list_line_items", "list", (stripe) =>
    stripe.tax.calculations.listLineItems(id, { limit: 100, expand: ["data.tax_breakdown"] }),
  );
  return all.data;
}

function lineAt(lines: readonly Line[], index: number): Line {
  const line = lines.find(({ reference }) => reference === String(index));
  if (!line) throw new Error(`Stripe Tax said nothing of line ${index}.`);
  return line;
}

/** What comes to nothing is left out. */
function taxesOf({ tax_breakdown: parts, amount_tax: whole, tax_behavior: behavior }: Line, currency: string): LineTax[] {
  const taxes = (parts ?? []).flatMap((part): LineTax[] => {
    if (part.amount === 0) return [];
    const { jurisdiction, tax_rate_details: rate } = part;
    const kind = rate?.tax_type ?? "tax";
    return [
      {
        key: ["stripe", jurisdiction.country, jurisdiction.state ?? "", jurisdiction.level, jurisdiction.display_name, kind]
          .map(slug)
          .filter(Boolean)
          .join("_"),
        name: rate?.display_name ?? jurisdiction.display_name,
        kind,
        percent: rate?.percentage_decimal ?? "0",
        inclusive: behavior === "inclusive",
        taxable: fromStripe(part.taxable_amount, currency),
        amount: fromStripe(part.amount, currency),
      },
    ];
  });
  if (taxes.reduce((sum, tax) => sum + tax.amount, 0n) !== fromStripe(whole, currency))
    throw new Error("The parts of what Stripe Tax answered do not come to its whole.");
  return taxes;
}

/** Two that differ in their place alone are two. */
function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .replaceAll(/^_|_$/g, "");
}

function statusOf(lines: readonly Line[]): TaxStatus {
  if (lines.some((line) => line.amount_tax > 0)) return "taxed";
  const reasons = new Set(lines.flatMap((line) => (line.tax_breakdown ?? []).map((part) => part.taxability_reason)));
  if (reasons.has("reverse_charge")) return "reverse_charge";
  return reasons.has("customer_exempt") ? "exempt" : "none";
}

async function recordedLines(client: StripeClient, made: Stripe.Tax.Transaction): Promise<Stripe.Tax.TransactionLineItem[]> {
  if (made.line_items && !made.line_items.has_more) return made.line_items.data;
  const all = await client.call("tax.transactions.list_line_items", "list", (stripe) =>
    stripe.tax.transactions.listLineItems(made.id, { limit: 100 }),
  );
  return all.data;
}
