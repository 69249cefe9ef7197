/**
 * A tenant's balance at Stripe, which takes it off invoices by itself when they are finalized. Each of our entries is a transaction there, once;
 * of an invoice exactly what we took off it is taken off, whatever else stands there: what lacks is added before, what is others' is held
 * aside meanwhile.
 */
import type { BalanceEntry } from "../../billing/invoices/balance.ts";
import type { InvoiceRow } from "../../billing/invoices/store.ts";
import { toRefund } from "../../gateways/stripe/amount.ts";
import type { StripeParts } from "./parts.ts";

const MARK = "billwright_balance";

/** Of either sign, as Stripe takes it. */
export function onTheWire(amount: bigint, currency: string): number {
  return amount < 0n ? -toRefund(-amount, currency) : toRefund(amount, currency);
}

interface Movement {
  /** Ours, once. */
  mark: string;
  /** Below zero: to the customer's credit. */
  amount: number;
  currency: string;
  description: string;
}

/** What is there under its mark is not made again. Answers whether it is new. */
async function move({ client }: StripeParts, customer: string, { mark, ...made }: Movement): Promise<boolean> {
  if (await isMoved({ client }, customer, mark)) return false;
  await client.call("customers.create_balance_transaction", "customer_balance_transaction", (stripe) =>
    stripe.customers.createBalanceTransaction(customer, { ...made, metadata: { [MARK]: mark } }, { idempotencyKey: mark }),
  );
  return true;
}

async function isMoved({ client }: Pick<StripeParts, "client">, customer: string, mark: string): Promise<boolean> {
  const list = await client.call("customers.list_balance_transactions", "list", (stripe) =>
    stripe.customers.listBalanceTransactions(customer, { limit: 100 }),
  );
  return list.data.some(({ metadata }) => metadata?.[MARK] === mark);
}

export async function showBalance(
  parts: StripeParts,
  customer: string,
  entry: Pick<BalanceEntry, "kind" | "currency" | "amount"> & { id: bigint | string },
): Promise<null> {
  await move(parts, customer, {
    mark: `balance-${entry.id}`,
    amount: onTheWire(-entry.amount, entry.currency),
    currency: entry.currency,
    description: WORDS[entry.kind] ?? "Balance",
  });
  return null;
}

const WORDS: Readonly<Record<string, string>> = {
  credited: "An invoice that gives back",
  overpaid: "Paid more than was due",
  credit_note: "A credit note",
  refund_failed: "A refund that failed",
  received: "Money that was received",
};

/** Before an invoice is finalized: so that Stripe takes off it what we did. */
export async function arrangeBalance(parts: StripeParts, customer: string, invoice: InvoiceRow): Promise<void> {
  const { currency } = invoice;
  const holding = { mark: `hold-${invoice.id}`, currency, description: `Held aside while ${invoice.number ?? "an invoice"} is issued` };
  const wanted = onTheWire(invoice.balance_applied, currency);
  const there = await creditAt(parts, customer, currency);
  // What is others', of either sign.
  const foreign = there > wanted ? there - wanted : Math.min(there, 0);
  const used = `used-${invoice.id}`;
  if (foreign !== 0 && !(await isMoved(parts, customer, used))) await move(parts, customer, { ...holding, amount: foreign });
  const lacking = wanted - (await creditAt(parts, customer, currency));
  if (lacking > 0)
    await move(parts, customer, { mark: used, amount: -lacking, currency, description: `Used by ${invoice.number ?? "an invoice"}` });
}

/** After it: what was held aside is there again. */
export async function releaseBalance(parts: StripeParts, customer: string, invoice: InvoiceRow): Promise<void> {
  const { client } = parts;
  const list = await client.call("customers.list_balance_transactions", "list", (stripe) =>
    stripe.customers.listBalanceTransactions(customer, { limit: 100 }),
  );
  const held = list.data.find(({ metadata }) => metadata?.[MARK] === `hold-${invoice.id}`);
  if (held)
    await move(parts, customer, {
      mark: `release-${invoice.id}`,
      amount: -held.amount,
      currency: invoice.currency,
      description: `Held aside while ${invoice.number ?? "an invoice"} was issued`,
    });
}

/** Above zero: to the customer's credit. */
async function creditAt({ client }: StripeParts, customer: string, currency: string): Promise<number> {
  const found = await client.call("customers.retrieve", "customer", (stripe) =>
    stripe.customers.retrieve(customer, { expand: ["invoice_credit_balance"] }),
  );
  if (found.deleted) return 0;
  const balance = found.invoice_credit_balance?.[currency] ?? (found.currency === currency ? found.balance : 0);
  return balance === 0 ? 0 : -balance;
}
