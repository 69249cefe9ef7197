/**
 * The port to whatever knows which taxes hold. The catalog's own rates answer within the write: rates of a place, of which the amounts
 * are reckoned here, on each line. An engine outside answers amounts for what one invoice sells; it is asked while no transaction is
 * open (`ask-taxes.ts`), and the write takes the answer that was stored for exactly its lines.
 */
import type { Decimal } from "../money/decimal.ts";
import type { LineTax } from "./invoice.ts";

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

/** Rates that are known here. */
export interface RateEngine {
  readonly kind: "rates";
  readonly name: string;
  /** One answer for each buyer, in order. */
  determine(buyers: readonly TaxParty[]): Promise<Determination[]>;
}

/** Who buys, with the whole address. */
export interface TaxBuyer {
  country: string | null;
  region: string | null;
  city: string | null;
  postalCode: string | null;
  line1: string | null;
  line2: string | null;
  taxId: string | null;
  exempt: boolean;
}

/** What is sold under one code of goods or services: in minor units, above zero. */
export interface TaxedSum {
  code: string;
  amountMinor: bigint;
}

export interface TaxQuestion {
  buyer: TaxBuyer;
  currency: string;
  sums: readonly TaxedSum[];
}

export interface TaxAnswer {
  /** The engine's name of what it reckoned. */
  reference: string;
  status: TaxStatus;
  /** Of each sum, in order. */
  taxes: readonly (readonly LineTax[])[];
}

/** A sum of a sale as the engine recorded it. */
export interface RecordedSum {
  code: string;
  amountMinor: bigint;
  taxMinor: bigint;
  /** The engine's name of it. */
  line: string;
}

export interface Reversal {
  /** Ours; the key of the call. */
  reference: string;
  /** The engine's name of the sale that is taken back. */
  sale: string;
  currency: string;
  /** null: all of it. */
  sums: readonly RecordedSum[] | null;
}

/** The buyer cannot be taxed as it is: nothing but a change of it, or of the engine's settings, helps. */
export class TaxRefused extends Error {
  override readonly name = "TaxRefused";
}

/** It was told before under this reference, so long ago that what was answered then is gone. */
export class TaxRecorded extends Error {
  override readonly name = "TaxRecorded";
}

/**
 * Throws `TaxRefused` where it will not; anything else that is thrown means that nobody knows, and is tried again. `reference` of what is
 * recorded is ours and told once: the same reference again is the same record.
 */
export interface OutsideTaxEngine {
  readonly kind: "outside";
  readonly name: string;
  /** Under which code a line is sold; "": the engine's default. */
  codeOf(line: { planKey: string | null; priceKey: string | null }): string;
  calculate(question: TaxQuestion): Promise<TaxAnswer>;
  /** Records the sale that was reckoned as made. `codes`: of the sums that were asked about, in order. */
  record(sale: {
    reference: string;
    calculation: string;
    currency: string;
    codes: readonly string[];
  }): Promise<{ reference: string; sums: readonly RecordedSum[] }>;
  reverse(reversal: Reversal): Promise<{ reference: string }>;
}

export type TaxEngine = RateEngine | OutsideTaxEngine;
