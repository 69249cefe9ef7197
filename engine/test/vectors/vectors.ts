/**
 * Cases observed in other billing engines' published tests. They are not part of this repository: the suites read them
 * from `VECTORS_DIR`, or from `../shared/vectors` beside the checkout, and say so aloud when neither is there.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** One observed case. The shape of `input` and `expected` is told by the kind: see `semantics` at the head of each file. */
export interface Vector<Input = unknown, Expected = unknown> {
  id?: string;
  kind: string;
  source: string;
  input: Input;
  expected: Expected;
  note?: string;
}

const FILES = ["lago.json", "openmeter-killbill-others.json"];

/**
 * Kinds that `time.test.ts` checks against `billing/time` and `billing/money`. `usage_period_at` and `proration.upgrade` are
 * defined by the files without a case: the table tests beside the code check them.
 */
export const TIME_KINDS: ReadonlySet<string> = new Set([
  "period.boundaries",
  "recurrence_next",
  "recurrence_prev",
  "recurrence_period_at",
  "duration_add",
  "usage_period_at",
  "usage_reset_timeline",
  "billing_anchor_periods",
  "subscription_line_periods",
  "next_billing_date",
  "proration.subscription",
  "proration.upgrade",
  "proration.fixed_charge",
  "proration_flat_time",
  "plan_change_proration",
  "plan_change_proration_minor_units",
  "proration_factor_days",
]);

/** Kinds that `rating.test.ts` checks against the pricing of the catalog and the aggregation of usage. */
export const RATING_KINDS: ReadonlySet<string> = new Set([
  "charge.standard",
  "charge.graduated",
  "charge.package",
  "charge.volume",
  "charge.graduated_percentage",
  "charge.percentage",
  "charge.percentage_min_max",
  "charge.percentage_sequence",
  "charge.pay_in_advance",
  "charge.true_up",
  "aggregation.rounding",
  "aggregation.sum",
  "aggregation.max",
  "aggregation.latest",
  "aggregation.unique_count",
  "aggregation.count",
  "aggregation.weighted_sum",
  "filter.matching",
  "commitment.minimum",
  "tiered_graduated",
  "tiered_graduated_range",
  "tiered_volume",
  "tier_index_volume",
  "package",
  "unit",
  "unit_config",
  "unit_conversion",
  "usage_discount",
  "cumulative_rerating_delta",
]);

/** Kinds that `invoices.test.ts` checks against what invoices are made with. */
export const INVOICE_KINDS: ReadonlySet<string> = new Set([
  "coupon.amount",
  "invoice.coupons_taxes",
  "invoice.taxes",
  "invoice.numbering",
  "credit_note.termination",
  "credit_note.rounding",
]);

/** Kinds that the files define without a case: `defined-kinds.test.ts` tells each as its definition says. */
export const DEFINED_KINDS: ReadonlySet<string> = new Set(["credit_note.application", "repair_capped_by_adjustment", "upgrade_credit"]);
/** Kinds that `top-up.test.ts` checks against the rule of automatic top-up. */
export const TOP_UP_KINDS: ReadonlySet<string> = new Set(["wallet.recurring_rule"]);

/** Kinds that `credits.test.ts` checks against grants, burn order, rollover and holds. */
export const CREDIT_KINDS: ReadonlySet<string> = new Set([
  "grant_burndown",
  "grant_reset_rollover",
  "grant_order",
  "grant_effective_window",
  "grant_active_at",
  "ledger_two_phase",
]);

/** Kinds that a capability still to come covers, with the reason that they wait. */
export const LATER_KINDS: ReadonlyMap<string, string> = new Map([["alert.thresholds", "usage alerts belong to the usage room"]]);

/** All cases, or null where the folder is absent. */
export function loadVectors(): Vector[] | null {
  const files = read();
  return files?.flatMap((file) => file.vectors) ?? null;
}

/** Every kind that the files define or use; null where the folder is absent. */
export function loadKinds(): string[] | null {
  const files = read();
  if (!files) return null;
  const defined = files.flatMap((file) => Object.keys(file.semantics)).filter((kind) => !kind.startsWith("_"));
  return [...new Set([...defined, ...files.flatMap((file) => file.vectors.map((vector) => vector.kind))])].sort();
}

/** The cases of one kind, typed by the caller, who knows the kind's shape. */
export function ofKind<Input, Expected>(vectors: Vector[], kind: string): Vector<Input, Expected>[] {
  return vectors.filter((vector) => vector.kind === kind) as Vector<Input, Expected>[];
}

/** A name for the test report. */
export function nameOf(vector: Vector, index: number): string {
  return `${vector.id ?? `${vector.kind} #${index + 1}`} (${vector.source})`;
}

/** What a suite must say, as a test of this name and a warning, when `loadVectors` answers null. */
export const ABSENT = "public vectors: folder not present, NOTHING WAS CHECKED — set VECTORS_DIR to run this suite";

function read(): { semantics: Record<string, string>; vectors: Vector[] }[] | null {
  const folder = process.env.VECTORS_DIR ?? fileURLToPath(new URL("../../../../shared/vectors", import.meta.url));
  if (!FILES.every((file) => existsSync(join(folder, file)))) {
    if (process.env.VECTORS_DIR !== undefined) throw new Error(`VECTORS_DIR (${folder}) does not hold ${FILES.join(" and ")}`);
    return null;
  }
  return FILES.map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")));
}
