/**
 * From which lines the price of time that is not served is given back, where several invoices sold a period. Lines of the same price
 * first, the last one sold before those it followed; no line gives more than it was, no invoice more than is left of it. Pure.
 */
import { type CreditableLine, type CreditPart, creditPart, partWorth } from "./credit.ts";

/** A line that sold a part of the period. */
export interface SoldLine extends CreditableLine {
  id: string;
  invoiceId: string;
  priceKey: string;
  /** What was credited of it before. */
  before: CreditPart | undefined;
}

export interface Unused {
  priceKey: string;
  /** Minor units before discount and tax, above zero. */
  amount: bigint;
}

export interface Returns {
  /** By invoice in the order of the lines: the credit note that it gets, in the lines' own amounts. */
  notes: { invoiceId: string; lines: { line: string; amountMinor: bigint }[] }[];
  /** By what is unused: what no line could give back. */
  rest: bigint[];
}

/** `sold`: the last one first. `left`: of each invoice's total, tax included, what notes have not taken yet. */
export function returnsOf(unused: readonly Unused[], sold: readonly SoldLine[], left: ReadonlyMap<string, bigint>): Returns {
  const room = new Map(left);
  const taken = new Map(sold.map((line) => [line.id, 0n]));
  const rest = unused.map(({ amount }) => amount);
  for (const same of [true, false]) {
    unused.forEach(({ priceKey }, index) => {
      for (const line of sold) {
        if ((line.priceKey === priceKey) !== same) continue;
        const open = room.get(line.invoiceId) ?? 0n;
        const { amount, total } = take(line, taken.get(line.id)!, rest[index]!, open);
        rest[index]! -= amount;
        taken.set(line.id, taken.get(line.id)! + amount);
        room.set(line.invoiceId, open - total);
      }
    });
  }
  const notes = Map.groupBy(
    // What was for nothing is given back for nothing: no note says so.
    sold.filter((line) => taken.get(line.id)! > 0n && room.get(line.invoiceId) !== left.get(line.invoiceId)),
    (line) => line.invoiceId,
  );
  return {
    notes: [...notes].map(([invoiceId, lines]) => ({
      invoiceId,
      lines: lines.map(({ id }) => ({ line: id, amountMinor: taken.get(id)! })),
    })),
    rest,
  };
}

/** As much as is wanted, as the line has, and as the invoice has room for. */
function take(line: SoldLine, taken: bigint, wanted: bigint, room: bigint): { amount: bigint; total: bigint } {
  const already = creditPart(line, line.before, taken);
  const has = line.amount - (line.before?.amount ?? 0n) - taken;
  const most = wanted < has ? wanted : has;
  if (most <= 0n || room < 0n) return { amount: 0n, total: 0n };
  const totalOf = (amount: bigint) => creditPart(line, line.before, taken + amount).total - already.total;
  if (totalOf(most) <= room) return { amount: most, total: totalOf(most) };
  const amount = partWorth(line, line.before, already.total + room).amount - taken;
  return amount <= 0n ? { amount: 0n, total: 0n } : { amount, total: totalOf(amount) };
}
