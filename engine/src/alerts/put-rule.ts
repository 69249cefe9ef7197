/** Sets a rule: what is not said keeps its default. Takes effect with the next look. */

import { ONE, parseDecimal, ZERO } from "../billing/money/decimal.ts";
import type { Tx } from "../commit.ts";
import { type Fault, invalid } from "../errors.ts";
import { type AlertKind, DEFAULTS, type RuleRow, type Settings } from "./rule.ts";
import { putRule } from "./store.ts";

export interface RuleInput extends Partial<Record<keyof Settings, unknown>> {
  kind: AlertKind;
  tenant_id?: string | undefined;
  enabled?: boolean | undefined;
  email?: string[] | undefined;
}

const ADDRESS = /^[^\s@<>]{1,64}@[^\s@<>]{1,190}$/;
const DECIMALS = new Set(["threshold", "sensitivity", "ratio"]);

export async function setRule(tx: Tx, input: RuleInput): Promise<RuleRow> {
  const { kind, tenant_id = null, enabled = true, email = [], ...given } = input;
  const faults: Fault[] = email.flatMap((address, index) =>
    ADDRESS.test(address) ? [] : [{ path: `email[${index}]`, message: "must be a mail address" }],
  );
  const settings: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(given)) {
    if (!(key in DEFAULTS[kind])) faults.push({ path: key, message: `is no setting of ${kind}` });
    else if (DECIMALS.has(key)) {
      const number = parseDecimal(value)!;
      if (number.lte(ZERO) || (key === "ratio" && number.lt(ONE)))
        faults.push({ path: key, message: key === "ratio" ? "must be at least 1" : "must be more than 0" });
      settings[key] = number.toFixed();
    } else settings[key] = value;
  }
  if (faults.length > 0) throw invalid(faults);
  const row: RuleRow = { kind, tenant_id, enabled, settings: settings as Partial<Settings>, email };
  await putRule(tx, row);
  return row;
}
