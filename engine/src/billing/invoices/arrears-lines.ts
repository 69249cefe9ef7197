/** What is due in arrears for the time of a period that was changed: a line for each part, adding up exactly to the whole. */
import { NOTHING, plus, roundMinor } from "../money/amount.ts";
import { type BilledLine, billedFor } from "./billed.ts";
import type { DraftLine } from "./invoice.ts";
import { recurringCost, recurringLine } from "./line.ts";
import type { Part } from "./parts.ts";

/** Cumulative: each line is what the parts up to it cost, rounded, less what those before it did. */
export function arrearsLines(parts: readonly Part[], currency: string, billed: readonly BilledLine[]): DraftLine[] {
  const lines: DraftLine[] = [];
  const priced = parts.map((part) => ({
    part,
    prices: part.sold.pricesIn(currency).filter((price) => price.type !== "usage" && price.timing === "in_arrears"),
  }));
  for (const key of new Set(priced.flatMap(({ prices }) => prices.map((price) => price.key)))) {
    let exact = NOTHING;
    // What was billed for the whole period before it was changed: the period had been closed by hand.
    let standing = parts.reduce((sum, part) => sum + standingOf(billed, key, part), 0n);
    const mine: DraftLine[] = [];
    for (const { part, prices } of priced) {
      const price = prices.find((one) => one.key === key);
      if (!price) continue;
      const line = recurringLine(price, part.recurring);
      exact = plus(exact, recurringCost(price, part.recurring).exact);
      const due = roundMinor(exact);
      const { rounds } = billedFor(billed, { kind: line.kind, priceKey: key, start: part.segment.service.start, groupKey: null });
      if (due !== standing) mine.push({ ...line, amount: due - standing, round: rounds });
      standing = due;
    }
    if (mine.reduce((sum, line) => sum + line.amount, 0n) !== 0n) lines.push(...mine);
  }
  return lines;
}

function standingOf(billed: readonly BilledLine[], priceKey: string, { segment }: Part): bigint {
  const of = (kind: "flat" | "seat") => billedFor(billed, { kind, priceKey, start: segment.service.start, groupKey: null }).amount;
  return of("flat") + of("seat");
}
