/** Lines of Stripe's invoices in the words of our catalog: plan, price and meter by what Stripe's price is here. Pure. */
import type { Plan } from "../../billing/catalog/plan.ts";
import type { DraftLine, LineTax } from "../../billing/invoices/invoice.ts";
import type { SeenLine } from "./invoice-shape.ts";
import type { PriceBook } from "./price-book.ts";

export function linesOf(lines: readonly SeenLine[], book: PriceBook, plans: ReadonlyMap<string, Plan>, currency: string): DraftLine[] {
  return lines.map((line, index) => lineOf(line, index, book, plans, currency));
}

function lineOf(line: SeenLine, index: number, book: PriceBook, plans: ReadonlyMap<string, Plan>, currency: string): DraftLine {
  const found = line.price === null ? null : book.find(line.price);
  const plan = found && plans.get(found.plan);
  const price = plan?.currencies.includes(currency) ? plan.pricesIn(currency).find((one) => one.key === found!.price) : undefined;
  const name = price && (price.name ?? price.description ?? price.key);
  return {
    kind: price ? price.type : line.amount < 0n ? "credit" : "flat",
    planKey: plan?.key ?? null,
    planVersion: plan ? (found!.version ?? plan.version) : null,
    priceKey: price?.key ?? null,
    meterKey: price?.meter ?? null,
    groupKey: null,
    description: plan && name ? `${plan.name}: ${name}${proratedWords(line)}` : (line.description ?? "At Stripe"),
    quantity: line.quantity,
    unitAmount: line.unitAmount,
    amount: line.amount,
    period: line.period,
    proration: line.proration,
    round: index,
    explain: { processor: "stripe", line: line.reference, price: line.price, description: line.description },
    discounts: line.discount === 0n ? [] : [{ discount: "stripe", coupon: "stripe", name: "Discount at Stripe", amount: line.discount }],
    taxes: line.taxes.map(
      (tax): LineTax => ({
        key: tax.reference,
        name: "Tax at Stripe",
        kind: "vat",
        percent: "",
        inclusive: tax.inclusive,
        taxable: tax.taxable,
        amount: tax.amount,
      }),
    ),
  };
}

function proratedWords(line: SeenLine): string {
  if (!line.proration) return "";
  return line.amount < 0n ? " (unused time)" : " (rest of the period)";
}
