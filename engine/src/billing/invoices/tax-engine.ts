/**
 * The port to whatever knows which taxes hold: the catalog's own rates, or an outside engine. It answers rates of a place; the
 * amounts are reckoned here, on each line, so that preview, quote and invoice agree to the minor unit. It is asked inside the
 * write of an invoice, so an adapter to an outside engine answers from what it fetched before, and fails where it has nothing.
 */
import type { Decimal } from "../money/decimal.ts";

export type TaxStatus = "taxed" | "exempt" | "reverse_charge" | "none";

/** Who buys, as far as taxes ask. */
export interface TaxParty {
  /** ISO 3166-1 alpha-2; null: not known. */
  country: string | null;
  region: string | null;
  taxId: string | null;
  exempt: boolean;
}

/** One tax that is put on a line. */
export interface Tax {
  key: string;
  name: string;
  kind: string;
  percent: Decimal;
  /** The amount contains it. */
  inclusive: boolean;
}

export interface Determination {
  status: TaxStatus;
  /** In force; none where the status is not `taxed`. */
  taxes: readonly Tax[];
  /** As invoices print it: a country, or country-region. */
  placeOfSupply: string | null;
}

export interface TaxEngine {
  readonly name: string;
  /** One answer for each buyer, in order. */
  determine(buyers: readonly TaxParty[]): Promise<Determination[]>;
}
