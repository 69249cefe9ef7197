-- Usage: every event once, and what the meters make of it by the hour.

-- Order of receipt: one number a statement, in the upper bits of each event's seq.
create sequence usage_batches as bigint;

create table usage_events (
  tenant_no       integer not null,
  -- 128 bits of SHA-256 of (tenant, event name, idempotency key): an event is the same event whatever its `at`, for ever.
  identity        uuid not null,
  -- Batch of receipt × 65536 + place in it.
  seq             bigint not null,
  at              timestamptz not null,
  received_at     timestamptz not null,
  event           text not null,
  idempotency_key text not null,
  amount          numeric not null,
  properties      jsonb not null,
  primary key (tenant_no, identity)
);
create index usage_events_at on usage_events (tenant_no, at);
-- Rows lie in order of receipt, so that a range of it costs the pages it is on.
create index usage_events_seq on usage_events using brin (seq) with (pages_per_range = 32);

-- What a meter reads of an hour (since 1970), moved by the statement that stores the events. Null: not needed by the aggregation.
create table usage_rollups (
  tenant_no  integer not null,
  meter_no   integer not null,
  hour       integer not null,
  -- Canonical JSON of the meter's group_by; '' without one.
  group_key  text not null,
  n          bigint not null,
  total      numeric,
  low        numeric,
  high       numeric,
  latest     numeric,
  latest_us  bigint,
  latest_seq bigint,
  -- Sum of value × microseconds since 1970, for weighted_sum.
  moment     numeric,
  primary key (tenant_no, meter_no, hour, group_key)
) with (fillfactor = 70);

-- Events with a seq below rolled_from came before the meter did, and are read raw until backfilled.
create table usage_meters (
  meter_no    integer primary key,
  -- What the rollups were made by: another definition means other rollups.
  definition  text not null,
  rolled_from bigint not null
);

-- The base of seq for one statement, or null if the catalog is not at this revision any more. Storing shares the lock; whoever adds
-- a meter takes it alone, so that each event is either before the meter or read by it. Each query in here sees what is committed
-- when it starts, after the lock, which a query in the statement itself would not.
create function usage_batch(wanted bigint) returns bigint language plpgsql volatile as $$
begin
  perform pg_advisory_xact_lock_shared(4400002);
  if (select revision from catalog_state) is distinct from wanted then
    return null;
  end if;
  return nextval('usage_batches') * 65536;
end $$;

-- A property as filters, groups and unique counts compare it.
create function usage_text(properties jsonb, name text) returns text language sql immutable parallel safe
return case when jsonb_typeof(properties -> name) in ('string', 'number', 'boolean') then properties ->> name end;

-- The quantity that a text names, null where it names none.
create function usage_number(value text) returns numeric language sql immutable parallel safe
return case when value ~ '^-?[0-9]{1,26}(\.[0-9]{1,20})?$' then value::numeric end;
