-- What is told to others: endpoints, the secrets that sign for them, a row for each event that each of them is to have, and what
-- became of each attempt. The owner of an endpoint is `tenant_id`; null is the platform, whose endpoints hear of everybody.

create table webhook_endpoints (
  id              text primary key,
  tenant_id       text references tenants (id),
  url             text not null,
  description     text,
  -- As they were given: invoice.paid, invoice.*, *.
  event_types     text[] not null,
  -- The events of one tenant one after the other, however long one of them takes.
  ordered         boolean not null,
  -- What was not yet committed then is what the endpoint is told of.
  since           pg_snapshot not null default pg_current_snapshot(),
  -- Real time: since when every attempt has failed.
  failing_since   timestamptz,
  disabled_at     timestamptz,
  disabled_reason text check (disabled_reason in ('asked', 'failing', 'gone')),
  created_at      timestamptz not null,
  updated_at      timestamptz not null,
  check ((disabled_at is null) = (disabled_reason is null))
);
create index webhook_endpoints_tenant on webhook_endpoints (tenant_id);

-- Sealed (src/seal.ts); the newest signs, and so does each other one until it ends.
create table webhook_secrets (
  no          bigint generated always as identity primary key,
  endpoint_id text not null references webhook_endpoints (id) on delete cascade,
  tenant_id   text,
  key_id      text not null,
  sealed      bytea not null,
  expires_at  timestamptz,
  created_at  timestamptz not null
);
create index webhook_secrets_endpoint on webhook_secrets (endpoint_id);

create table webhook_deliveries (
  id            text primary key,
  endpoint_id   text not null references webhook_endpoints (id) on delete cascade,
  -- Of the endpoint. Whose event it is stands beside it: the platform's endpoints are nobody else's to see.
  tenant_id     text,
  event_tenant  text,
  event_id      text not null,
  event_type    text not null,
  -- Where the event stands in the one order; null: made up to try the endpoint.
  event_xid     xid8,
  event_seq     bigint,
  state         text not null check (state in ('pending', 'sending', 'delivered', 'failed', 'dead')),
  -- Of the present round; a redelivery begins a new one. `fence` only grows, and tells one claim from the next.
  attempts      integer not null default 0,
  fence         integer not null default 0,
  -- Real time. When it may be claimed; while it is being sent, when its lease ends. null: nothing is to be done any more.
  due_at        timestamptz,
  last_status   integer,
  last_error    text,
  created_at    timestamptz not null,
  finished_at   timestamptz,
  unique (endpoint_id, event_id),
  check ((state in ('delivered', 'dead')) = (due_at is null))
);
create index webhook_deliveries_due on webhook_deliveries (endpoint_id, due_at) where due_at is not null;
create index webhook_deliveries_next on webhook_deliveries (due_at) where due_at is not null;
create index webhook_deliveries_order on webhook_deliveries (endpoint_id, event_tenant, event_xid, event_seq) where due_at is not null;
create index webhook_deliveries_listed on webhook_deliveries (endpoint_id, id desc);
create index webhook_deliveries_event_tenant on webhook_deliveries (event_tenant);
create index webhook_deliveries_finished on webhook_deliveries (finished_at) where finished_at is not null;

create table webhook_attempts (
  delivery_id   text not null references webhook_deliveries (id) on delete cascade,
  no            integer not null,
  tenant_id     text,
  at            timestamptz not null,
  url           text not null,
  duration_ms   integer not null,
  status        integer,
  error         text,
  -- Cut after some thousand characters; null: none, or erased.
  response_body text,
  primary key (delivery_id, no)
);

-- How far the events were handed out to endpoints, in the one order of events.
create table webhook_place (
  only_row boolean primary key default true check (only_row),
  xid      xid8 not null,
  seq      bigint not null
);
insert into webhook_place (xid, seq) values (pg_snapshot_xmin(pg_current_snapshot()), 0);

-- For "everything since an instant". By block ranges, since events are stored in the order of their time.
create index billing_events_recorded on billing_events using brin (recorded_at);

select isolate('webhook_endpoints');
select isolate('webhook_secrets');
select isolate('webhook_deliveries');
select isolate('webhook_attempts');

-- Of an erased tenant: its own endpoints go, with all that was sent to them; of what others were told of it, what they answered goes.
-- As the owner, since the write of an erasure is confined to the tenant, and endpoints of the platform do not exist for it.
create function erase_deliveries(erased text) returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
  delete from webhook_endpoints where tenant_id = erased;
  update webhook_attempts a set response_body = null, error = null
    from webhook_deliveries d where d.id = a.delivery_id and d.event_tenant = erased;
  update webhook_deliveries set last_error = null where event_tenant = erased and last_error is not null;
end $$;
revoke all on function erase_deliveries(text) from public;
grant execute on function erase_deliveries(text) to billwright_app;

do $$
declare
  audited text[];
begin
  foreach audited slice 1 in array array[
    ['webhook_endpoints', 'webhook_endpoint', 'id', 'since', 'failing_since'],
    ['webhook_secrets', 'webhook_secret', 'endpoint_id', 'sealed', 'no']
  ] loop
    execute format(
      'create trigger audit after insert or update or delete on %I for each row when (coalesce(current_setting(''billwright.actor'', true), '''') <> '''') execute function audit_change(%L, %L, ''tenant_id'', %L, %L)',
      audited[1], audited[2], audited[3], audited[4], audited[5]);
  end loop;
end $$;
