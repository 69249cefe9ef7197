/** What a statement answers of some events (of whole hours, of an edge), and how such parts become one state. */
import type { Aggregation } from "../catalog/meter.ts";
import { type Decimal, decimal, ZERO } from "../money/decimal.ts";
import type { AggregateState } from "./aggregate.ts";

export interface PartialRow {
  n: bigint;
  total: string | null;
  low: string | null;
  high: string | null;
  latest?: string | null;
  latest_us?: bigint | null;
  latest_seq?: bigint | null;
  moment?: string | null;
}

/** Of all aggregations whose state has a fixed size. */
export function stateOf(aggregation: Exclude<Aggregation, "unique_count">, row: PartialRow): AggregateState {
  switch (aggregation) {
    case "count":
      return { of: "count", n: Number(row.n) };
    case "sum":
      return { of: "sum", sum: number(row.total) };
    case "avg":
      return { of: "avg", sum: number(row.total), n: Number(row.n) };
    case "min":
      return { of: "min", value: row.low === null ? null : decimal(row.low) };
    case "max":
      return { of: "max", value: row.high === null ? null : decimal(row.high) };
    case "latest":
      return row.latest == null
        ? { of: "latest", value: null, atUs: 0, seq: 0 }
        : { of: "latest", value: decimal(row.latest), atUs: Number(row.latest_us), seq: String(row.latest_seq) };
    case "weighted_sum":
      return { of: "weighted_sum", sum: number(row.total), moment: number(row.moment) };
  }
}

const TEN_19 = decimal("10000000000000000000");

// A moment can have more digits than a quantity may: it is read in two parts.
function number(text: string | null | undefined): Decimal {
  if (text == null) return ZERO;
  const [whole = "", fraction] = text.replace("-", "").split(".");
  if (whole.length <= 38) return decimal(text);
  const low = decimal(`${whole.slice(-19)}.${fraction ?? "0"}`);
  const size = decimal(whole.slice(0, -19)).times(TEN_19).plus(low);
  return text.startsWith("-") ? ZERO.minus(size) : size;
}
