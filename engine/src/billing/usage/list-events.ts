/** The raw events of a tenant, newest first. */
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { invalidField } from "../../errors.ts";
import { decodeCursor, pageOf } from "../../http/list.ts";
import { decimal } from "../money/decimal.ts";
import type { TenantRef } from "../tenants/cache.ts";
import { formatInstant, formatMicros, type Instant } from "../time/instant.ts";
import { eventIdOfUuid } from "./event.ts";
import { listEvents } from "./store.ts";

export interface EventsQuery {
  tenant: TenantRef;
  event: string | null;
  from: Instant | null;
  to: Instant | null;
  cursor: string | undefined;
  limit: number;
}

export async function readEvents(ctx: Context, query: EventsQuery) {
  const position = decodeCursor(query.cursor, 2);
  if (position && !position.every((part) => /^-?\d{1,16}$/.test(part))) throw invalidField("cursor", "is not a cursor of this list");
  const rows = await listEvents(onPool(ctx.pool), {
    tenantNo: query.tenant.no,
    event: query.event,
    from: query.from === null ? null : formatInstant(query.from),
    to: query.to === null ? null : formatInstant(query.to),
    before: position && { at: formatMicros(Number(position[0])), seq: position[1]! },
    limit: query.limit + 1,
  });
  return pageOf(
    rows,
    query.limit,
    (row) => ({
      id: eventIdOfUuid(row.identity),
      tenant_id: query.tenant.id,
      event: row.event,
      amount: decimal(row.amount),
      at: formatMicros(Number(row.at_us)),
      received_at: formatInstant(row.received_at),
      idempotency_key: row.idempotency_key,
      properties: row.properties,
    }),
    (row) => [String(row.at_us), String(row.seq)],
  );
}
