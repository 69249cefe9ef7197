/** Creates a tenant, or changes the fields that are given. */
import { isDeepStrictEqual } from "node:util";
import type { Tx } from "../../commit.ts";
import { type Fault, invalid, Refusal } from "../../errors.ts";
import { isTimeZone } from "../time/zone.ts";
import { insertTenant, lockTenant, readClock, type TenantRow, updateTenant } from "./store.ts";
import { NEW_TENANT, type TenantFields } from "./tenant.ts";

export type TenantChange = { [K in keyof TenantFields]?: TenantFields[K] | null | undefined };

export async function putTenant(tx: Tx, id: string, change: TenantChange): Promise<{ tenant: TenantRow; created: boolean }> {
  const before = await lockTenant(tx, id);
  const fields = merged(before ?? NEW_TENANT, change);
  await check(tx, before, fields);
  tx.afterCommit(() => tx.ctx.tenants.forget(id));
  if (!before) {
    const tenant = await insertTenant(tx, id, fields, tx.now);
    // Somebody else has made it since we looked: then this is a change of theirs.
    if (!tenant) return putTenant(tx, id, change);
    // Events outlive an erasure, so they name a tenant by its id and nothing personal.
    tx.emit({ type: "tenant.created", tenantId: id, subject: id, summary: `The tenant ${id} was created.`, data: {} });
    return { tenant, created: true };
  }
  const changed = (Object.keys(fields) as (keyof TenantFields)[]).filter((name) => !isDeepStrictEqual(fields[name], before[name]));
  if (changed.length === 0) return { tenant: before, created: false };
  const tenant = await updateTenant(tx, id, fields, tx.now);
  tx.emit({
    type: "tenant.updated",
    tenantId: id,
    subject: id,
    summary: `Of the tenant ${id} changed: ${changed.join(", ")}.`,
    data: { fields: changed },
  });
  return { tenant, created: false };
}

// Absent: as it was. Null: as it is of a new tenant.
function merged(before: TenantFields, change: TenantChange): TenantFields {
  const names = Object.keys(NEW_TENANT) as (keyof TenantFields)[];
  return Object.fromEntries(
    names.map((name) => [name, change[name] === undefined ? before[name] : (change[name] ?? NEW_TENANT[name])]),
  ) as unknown as TenantFields;
}

async function check(tx: Tx, before: TenantRow | null, fields: TenantFields): Promise<void> {
  const faults: Fault[] = [];
  const clock = fields.test_clock;
  if (!isTimeZone(fields.time_zone)) faults.push({ path: "time_zone", message: "must be an IANA time zone, such as Europe/Paris" });
  if (clock !== null && clock !== before?.test_clock) {
    if (tx.ctx.config.mode === "live") faults.push({ path: "test_clock", message: "is for the sandbox: live tenants keep real time" });
    else if ((await readClock(tx, clock)) === null) faults.push({ path: "test_clock", message: "names no test clock" });
  }
  if (faults.length > 0) throw invalid(faults);
  if (before?.subscribed_at == null) return;
  if (fields.currency !== before.currency && before.currency !== null) fixed("currency", before.id);
  if (clock !== before.test_clock) fixed("test_clock", before.id);
}

function fixed(field: string, id: string): never {
  throw new Refusal("invalid_state", `The tenant ${id} has been subscribed: its ${field} cannot change any more.`, {
    faults: [{ path: field, message: "cannot change once the tenant has been subscribed" }],
  });
}
