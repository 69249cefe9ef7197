/** What the JSON schema of a price cannot say, told as faults that name the field. */
import type { PriceDocument } from "./price.ts";

/** `path` is written as `plans[0].prices[2].tiers[1].up_to`. */
export interface Fault {
  readonly path: string;
  readonly message: string;
}

/** Every fault of a price document; none: it can be parsed and rated. `path` is the price's own, e.g. `plans[0].prices[2]`. */
export function checkPrice(_doc: PriceDocument, _path: string): Fault[] {
  return [];
}
