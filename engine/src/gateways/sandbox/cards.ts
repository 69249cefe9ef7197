/** Test cards and tokens of the sandbox, and what each does: the numbers that people know from Stripe's test mode. */

export interface TestCard {
  number: string;
  token: string;
  brand: string;
  outcome: "succeeded" | "failed" | "requires_action" | "pending" | "unknown";
  code?: string;
  reason?: string;
  refusesRefunds?: boolean;
}

/** What is said where there is nothing to charge. */
export const NO_CARD = { code: "no_payment_method", reason: "The tenant has no payment method." };

export const TEST_CARDS: readonly TestCard[] = [
  { number: "4242424242424242", token: "tok_visa", brand: "visa", outcome: "succeeded" },
  { number: "5555555555554444", token: "tok_mastercard", brand: "mastercard", outcome: "succeeded" },
  { number: "378282246310005", token: "tok_amex", brand: "amex", outcome: "succeeded" },
  { number: "4000000000007726", token: "tok_refund_fails", brand: "visa", outcome: "succeeded", refusesRefunds: true },
  {
    number: "4000000000000002",
    token: "tok_declined",
    brand: "visa",
    outcome: "failed",
    code: "card_declined",
    reason: "The card was declined.",
  },
  {
    number: "4000000000009995",
    token: "tok_insufficient_funds",
    brand: "visa",
    outcome: "failed",
    code: "insufficient_funds",
    reason: "The card has not enough money.",
  },
  {
    number: "4000000000000069",
    token: "tok_expired_card",
    brand: "visa",
    outcome: "failed",
    code: "expired_card",
    reason: "The card has expired.",
  },
  // Of a tenant that gives no card: charges fail as they do where there is none.
  { number: "0000000000000000", token: "tok_none", brand: "none", outcome: "failed", ...NO_CARD },
  { number: "4000002500003155", token: "tok_requires_action", brand: "visa", outcome: "requires_action" },
  { number: "4000000000000077", token: "tok_pending", brand: "visa", outcome: "pending" },
  { number: "4000000000000119", token: "tok_unknown", brand: "visa", outcome: "unknown", reason: "The sandbox did not answer in time." },
];

/** By number (spaces allowed) or token; null: not a test card. */
export function testCard(text: string): TestCard | null {
  const wanted = text.replaceAll(" ", "");
  return TEST_CARDS.find((card) => card.number === wanted || card.token === wanted) ?? null;
}
