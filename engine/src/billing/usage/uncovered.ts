/** What is left to be billed of usage that credits have paid for in part: its quantity less what they covered, exactly. */
import type { Database } from "../../db/pool.ts";
import { decimal } from "../money/decimal.ts";
import { readCovered } from "./covered-store.ts";
import { groupKey } from "./group.ts";
import type { QuantityAnswer, QuantityAsk } from "./quantity.ts";

/** The answers with what credits covered taken off; those of meters that bill nothing beside credits stay as they are. */
export async function lessCovered(
  db: Database,
  asks: readonly QuantityAsk[],
  answers: readonly QuantityAnswer[],
): Promise<QuantityAnswer[]> {
  const left: QuantityAnswer[] = [];
  for (const [index, ask] of asks.entries()) {
    const answer = answers[index]!;
    left.push(ask.meter.creditCost !== null && ask.meter.creditOverdraft === "bill" ? await without(db, ask, answer) : answer);
  }
  return left;
}

async function without(db: Database, ask: QuantityAsk, answer: QuantityAnswer): Promise<QuantityAnswer> {
  const names = ask.groupBy ?? [];
  const covered = new Map(
    (await readCovered(db, ask)).map((row) => [
      names.length === 0 ? "" : groupKey(Object.fromEntries(names.map((name, index) => [name, row.grouped[index] ?? null]))),
      decimal(row.covered),
    ]),
  );
  return answer.map((group) => {
    const part = covered.get(group.key);
    return part ? { ...group, value: group.value.minus(part), covered: part } : group;
  });
}
