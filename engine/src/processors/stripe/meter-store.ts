/** SQL of usage on its way to Stripe: taken from the events into an outbox, once by identifier, and sent from there. */
import { formatInstant, type Instant } from "../../billing/time/instant.ts";
import { type Database, onPlatform, type Pool } from "../../db/pool.ts";

export interface UsageLink {
  subscription_id: string;
  tenant_id: string;
  tenant_no: number;
  customer: string;
  plan_key: string;
  plan_version: number;
  currency: string;
  started_at: Instant;
  ended_at: Instant | null;
  taken_to: bigint;
}

/** Takes subscriptions whose usage is to be looked at; those that ended a while ago for what came late. Others are passed over. */
export async function claimUsage(pool: Pool, now: Instant, next: Instant, endedAfter: Instant, limit: number): Promise<UsageLink[]> {
  const db = onPlatform(pool);
  await db.query(
    `/* all tenants: the worker takes for everybody */
     insert into processor_usage (subscription_id, tenant_id, taken_to, next_at)
     select subscription_id, tenant_id, 0, $1 from processor_subscriptions where reference is not null and customer is not null
     on conflict (subscription_id) do nothing`,
    [formatInstant(now)],
  );
  return db.query<UsageLink>(
    `/* all tenants: the worker takes for everybody */
     update processor_usage u set next_at = $2
     from processor_subscriptions p join subscriptions s on s.id = p.subscription_id join tenants t on t.id = p.tenant_id
     where p.subscription_id = u.subscription_id and u.subscription_id in (
       select w.subscription_id from processor_usage w join subscriptions s on s.id = w.subscription_id
       where w.next_at <= $1 and s.status <> 'incomplete' and (s.ended_at is null or s.ended_at > $3)
       order by w.next_at limit $4 for update of w skip locked)
     returning u.subscription_id, u.tenant_id, t.no as tenant_no, p.customer, s.plan_key, s.plan_version, s.currency, s.started_at, s.ended_at, u.taken_to`,
    [formatInstant(now), formatInstant(next), formatInstant(endedAfter), limit],
  );
}

export interface TakenEvent {
  identity: string;
  seq: bigint;
  at: Instant;
  received_at: Instant;
  event: string;
  amount: string;
  properties: Record<string, unknown>;
}

export async function eventsAfter(
  pool: Pool,
  link: UsageLink,
  from: Instant,
  names: readonly string[],
  limit: number,
): Promise<TakenEvent[]> {
  return onPlatform(pool).query<TakenEvent>(
    `select identity::text as identity, seq, at, received_at, event, amount::text as amount, properties from usage_events
     where tenant_no = $1 and seq > $2 and at >= $3 and ($4::timestamptz is null or at < $4) and event = any($5) order by seq limit $6`,
    [
      link.tenant_no,
      link.taken_to.toString(),
      formatInstant(from),
      link.ended_at === null ? null : formatInstant(link.ended_at),
      names,
      limit,
    ],
  );
}

export interface MeterEvent {
  identifier: string;
  eventName: string;
  value: string;
  at: Instant;
}

/** What is there already stays: its identifier is the event's. */
export async function insertMeterEvents(db: Database, link: UsageLink, events: readonly MeterEvent[], now: Instant): Promise<number> {
  if (events.length === 0) return 0;
  const rows = await db.query(
    `insert into meter_events (tenant_id, processor, identifier, event_name, customer, value, at, status, next_at, created_at)
     select $1, 'stripe', e.identifier, e.event_name, $2, e.value, e.at, 'waiting', $3, $3
     from unnest($4::text[], $5::text[], $6::numeric[], $7::timestamptz[]) as e (identifier, event_name, value, at)
     on conflict (processor, identifier) do nothing returning id`,
    [
      link.tenant_id,
      link.customer,
      formatInstant(now),
      events.map((one) => one.identifier),
      events.map((one) => one.eventName),
      events.map((one) => one.value),
      events.map((one) => formatInstant(one.at)),
    ],
  );
  return rows.length;
}

export async function moveTaken(db: Database, link: UsageLink, to: bigint): Promise<void> {
  await db.query("update processor_usage set taken_to = greatest(taken_to, $3) where subscription_id = $1 and tenant_id = $2", [
    link.subscription_id,
    link.tenant_id,
    to.toString(),
  ]);
}

export interface WaitingEvent {
  id: bigint;
  tenant_id: string;
  identifier: string;
  event_name: string;
  customer: string;
  value: string;
  at: Instant;
  attempts: number;
}

/** Takes what waits, the oldest first; `attempts` tells one claim from the next. */
export async function claimMeterEvents(pool: Pool, now: Instant, until: Instant, limit: number): Promise<WaitingEvent[]> {
  return onPlatform(pool).query<WaitingEvent>(
    `/* all tenants: the worker sends for everybody */
     update meter_events set claimed_until = $2, attempts = attempts + 1
     where id in (select id from meter_events where status = 'waiting' and next_at <= $1 and (claimed_until is null or claimed_until < $1)
                  order by next_at, meter_events.id limit $3 for update skip locked)
     returning id, tenant_id, identifier, event_name, customer, value::text as value, at, attempts`,
    [formatInstant(now), formatInstant(until), limit],
  );
}

export interface Sent {
  row: WaitingEvent;
  status: "waiting" | "sent" | "refused";
  error: string | null;
  nextAt: Instant;
}

/** Of those that somebody else has taken since, nothing. Answers how many were this claim's. */
export async function finishMeterEvents(db: Database, done: readonly Sent[], at: Instant): Promise<bigint[]> {
  const rows = await db.query<{ id: bigint }>(
    `/* all tenants: each row by its claim */
     update meter_events m set status = d.status, error = d.error, next_at = d.next_at, claimed_until = null, sent_at = case when d.status = 'sent' then $6::timestamptz end
     from unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::timestamptz[]) as d (id, attempts, status, error, next_at)
     where m.id = d.id and m.attempts = d.attempts and m.status = 'waiting' returning m.id`,
    [
      done.map(({ row }) => row.id.toString()),
      done.map(({ row }) => row.attempts),
      done.map(({ status }) => status),
      done.map(({ error }) => error?.slice(0, 1_000) ?? null),
      done.map(({ nextAt }) => formatInstant(nextAt)),
      formatInstant(at),
    ],
  );
  return rows.map((row) => row.id);
}

export async function readSyncedMeters(db: Database): Promise<Map<string, string>> {
  const rows = await db.query<{ meter_key: string; event_name: string }>(
    "select meter_key, event_name from processor_meters where processor = 'stripe'",
  );
  return new Map(rows.map((row) => [row.meter_key, row.event_name]));
}

export async function insertSyncedMeter(
  db: Database,
  row: { meter: string; event: string; reference: string },
  at: Instant,
): Promise<void> {
  await db.query(
    `insert into processor_meters (processor, meter_key, event_name, reference, created_at) values ('stripe', $1, $2, $3, $4)
     on conflict (processor, meter_key) do update set event_name = excluded.event_name, reference = excluded.reference`,
    [row.meter, row.event, row.reference, formatInstant(at)],
  );
}

export interface RefusedUsage {
  identifier: string;
  code: string;
  error: string;
}

/** Whose usage was sent under these identifiers. */
export async function ownersOf(db: Database, identifiers: readonly string[]): Promise<Map<string, string>> {
  const rows = await db.query<{ identifier: string; tenant_id: string }>(
    "/* all tenants: whose it is, is the question */ select identifier, tenant_id from meter_events where processor = 'stripe' and identifier = any($1)",
    [identifiers],
  );
  return new Map(rows.map((row) => [row.identifier, row.tenant_id]));
}

/** What was taken, and then could not be used. Answers those that were not known to be refused. */
export async function refuseMeterEvents(db: Database, tenantId: string, refused: readonly RefusedUsage[]): Promise<MeterEventRow[]> {
  return db.query<MeterEventRow>(
    `update meter_events m set status = 'refused', error = r.error, refused_code = r.code, claimed_until = null
     from unnest($2::text[], $3::text[], $4::text[]) as r (identifier, code, error)
     where m.processor = 'stripe' and m.tenant_id = $1 and m.identifier = r.identifier and m.status <> 'refused'
     returning m.id, m.identifier, m.event_name, m.value::text as value, m.at, m.status, m.refused_code, m.error, m.attempts, m.created_at, m.sent_at`,
    [tenantId, refused.map((one) => one.identifier), refused.map((one) => one.code), refused.map((one) => one.error.slice(0, 1_000))],
  );
}

export interface MeterEventRow {
  id: bigint;
  identifier: string;
  event_name: string;
  value: string;
  at: Instant;
  status: "waiting" | "sent" | "refused";
  refused_code: string | null;
  error: string | null;
  attempts: number;
  created_at: Instant;
  sent_at: Instant | null;
}

/** Of a tenant, the last first. */
export async function listMeterEvents(
  db: Database,
  tenantId: string,
  ask: { status: MeterEventRow["status"] | null; before: string | null; limit: number },
): Promise<MeterEventRow[]> {
  return db.query<MeterEventRow>(
    `select id, identifier, event_name, value::text as value, at, status, refused_code, error, attempts, created_at, sent_at from meter_events
     where tenant_id = $1 and ($2::text is null or status = $2) and ($3::bigint is null or id < $3) order by meter_events.id desc limit $4`,
    [tenantId, ask.status, ask.before, ask.limit],
  );
}
