/** The jobs that somebody may ask for, and what they take. The others are parts of what the engine does, and mean nothing alone. */
import { type TSchema, Type } from "typebox";
import { invalid, invalidField } from "../errors.ts";
import { Closed, Currency, Instant, TenantId, Text } from "../http/schema.ts";
import { faultsOf, validatorFor } from "../http/validate.ts";
import type { JobName } from "./names.ts";

const SWEEP = Closed({});
const PAYLOADS: Partial<Record<JobName, TSchema>> = {
  aggregate_daily: Closed({
    tenant_id: Type.Optional(TenantId()),
    metric: Type.Optional(Text(64)),
    day_start: Type.Optional(Instant()),
  }),
  generate_monthly_invoice: Closed({
    tenant_id: TenantId(),
    period_start: Instant(),
    period_end: Instant(),
    currency: Type.Optional(Currency()),
  }),
  "backfill-usage": SWEEP,
};

/** Sweeps find their work in the data, so they may be asked for at any time. */
export function askableJobs(sweeps: readonly JobName[]): Map<string, TSchema> {
  return new Map([...sweeps.map((name) => [name, PAYLOADS[name] ?? SWEEP] as const), ...(Object.entries(PAYLOADS) as [string, TSchema][])]);
}

const checks = new WeakMap<TSchema, ReturnType<typeof validatorFor>>();

/** `billing.aggregate_daily` is the same job. Throws a 422 that names the field. */
export function checkAsked(askable: ReadonlyMap<string, TSchema>, name: string, payload: Record<string, unknown>): JobName {
  const plain = name.replace(/^billing\./, "");
  const schema = askable.get(plain);
  if (!schema) throw invalidField("name", `must be one of: ${[...askable.keys()].sort().join(", ")}`);
  let check = checks.get(schema);
  if (!check) {
    check = validatorFor(schema, "body");
    checks.set(schema, check);
  }
  if (!check(payload))
    throw invalid(
      faultsOf(check.errors ?? []).map(({ path, message }) => ({ path: path === "" ? "payload" : `payload.${path}`, message })),
    );
  if (plain === "aggregate_daily" && payload.tenant_id === undefined && Object.keys(payload).length > 0)
    throw invalidField("payload.tenant_id", "is required with a metric or a day");
  return plain as JobName;
}
