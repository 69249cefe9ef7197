-- Entitlements: what one tenant is given beside its plan, what was consumed under a key, which limits were announced, and who is told.

create table entitlement_overrides (
  tenant_id  text not null references tenants (id),
  feature    text not null,
  -- Spelled as an entitlement of a plan: enabled, limit, window, enforcement, value.
  terms      jsonb not null,
  expires_at timestamptz,
  reason     text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, feature)
);

-- The answer to each key, for ever. The identity is that of the usage event that was recorded with it.
create table consumptions (
  tenant_no   integer not null,
  identity    uuid not null,
  -- Of feature, quantity and properties: the same key with others is a conflict.
  content     uuid not null,
  answer      json not null,
  consumed_at timestamptz not null,
  primary key (tenant_no, identity)
);

-- A limit is announced once a window; another limit is another announcement.
create table limit_notices (
  tenant_no    integer not null,
  feature      text not null,
  limit_window text not null,
  window_start timestamptz not null,
  window_end   timestamptz not null,
  amount       numeric not null,
  threshold    text not null check (threshold in ('approaching', 'reached')),
  noticed_at   timestamptz not null,
  primary key (tenant_no, feature, limit_window, window_start, amount, threshold)
);
create index limit_notices_over on limit_notices (window_end);

-- How far the sweep has looked at what was received. It looks again at the stretch before, where a slow transaction may have
-- stored what it did not see.
create table limit_sweep (
  only_row     boolean primary key default true check (only_row),
  previous_seq bigint not null,
  seq          bigint not null
);
-- What was received before this is not looked at.
insert into limit_sweep (previous_seq, seq) select last_value * 65536, last_value * 65536 from usage_batches;

-- Who keeps terms in memory is told of what changes them, by whoever changes it, when it is committed. Ingestion touches none of
-- these tables. Payloads: tenant ids with commas between, `clock <id>`, `catalog`.

create function tell_terms() returns trigger language plpgsql as $$
begin
  -- An id has at most 128 characters, a payload less than 8,000 bytes.
  perform pg_notify('billwright_terms', string_agg(tenant_id, ','))
  from (select tenant_id, (row_number() over () - 1) / 60 as part from (select distinct tenant_id from changed) ids) parts
  group by part;
  return null;
end $$;

create function tell_tenant_terms() returns trigger language plpgsql as $$
begin
  perform pg_notify('billwright_terms', new.id);
  return null;
end $$;

create function tell_clock_terms() returns trigger language plpgsql as $$
begin
  perform pg_notify('billwright_terms', 'clock ' || new.id);
  return null;
end $$;

create function tell_catalog_terms() returns trigger language plpgsql as $$
begin
  perform pg_notify('billwright_terms', 'catalog');
  return null;
end $$;

create trigger subscriptions_inserted_terms after insert on subscriptions
  referencing new table as changed for each statement execute function tell_terms();
create trigger subscriptions_updated_terms after update on subscriptions
  referencing new table as changed for each statement execute function tell_terms();
create trigger overrides_inserted_terms after insert on entitlement_overrides
  referencing new table as changed for each statement execute function tell_terms();
create trigger overrides_updated_terms after update on entitlement_overrides
  referencing new table as changed for each statement execute function tell_terms();
create trigger overrides_deleted_terms after delete on entitlement_overrides
  referencing old table as changed for each statement execute function tell_terms();
create trigger tenants_terms after update of time_zone, currency, test_clock_id on tenants
  for each row when (old is distinct from new) execute function tell_tenant_terms();
create trigger test_clocks_terms after update of now_at on test_clocks
  for each row execute function tell_clock_terms();
create trigger catalog_terms after update on catalog_state
  for each row execute function tell_catalog_terms();
