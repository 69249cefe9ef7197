/** What the suites of the vectors share: the loose shape of a case, and exact comparison. */
import { expect } from "vitest";
import { checkPrice } from "../../src/billing/catalog/check-price.ts";
import { type Price, type PriceDocument, parsePrice } from "../../src/billing/catalog/price.ts";
import type { Amount } from "../../src/billing/money/amount.ts";
import { type Decimal, decimal } from "../../src/billing/money/decimal.ts";
import type { Vector } from "./vectors.ts";

// biome-ignore lint/suspicious/noExplicitAny: each kind has its own shape, told by the semantics of its file
export type Fields = Record<string, any>;
export type Case = Vector<Fields, Fields>;

/** The price of a document that has no fault. */
export function priceOf(doc: PriceDocument): Price {
  expect(checkPrice(doc, "prices[0]")).toEqual([]);
  return parsePrice(doc);
}

/** Exactly equal, before any rounding. */
export function expectAmount(actual: Amount, expected: string | number): void {
  expect(`${actual.num.toFixed()} / ${actual.den.toFixed()}`).toBe(
    `${decimal(expected).times(actual.den).toFixed()} / ${actual.den.toFixed()}`,
  );
}

export function expectDecimal(actual: Decimal, expected: string | number): void {
  expect(actual.toFixed()).toBe(decimal(expected).toFixed());
}
