/** A tax rate of a place, as the catalog declares it. */
import type { Decimal } from "../money/decimal.ts";

export interface TaxRate {
  key: string;
  name: string;
  kind: "vat" | "gst" | "sales";
  /** ISO 3166-1 alpha-2. */
  country: string;
  /** null: the whole country. */
  region: string | null;
  percent: Decimal;
  inclusive: boolean;
  archived: boolean;
}
