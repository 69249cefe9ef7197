-- The ground: clocks, tenants, keys, idempotency, events. Every tenant table carries tenant_id, for row-level security and distribution.

create table test_clocks (
  id         text primary key,
  name       text not null,
  now_at     timestamptz not null,
  created_at timestamptz not null
);

create table tenants (
  id            text primary key check (id ~ '^[A-Za-z0-9_.:-]{1,128}$'),
  -- The short name of the tenant in usage tables, where eight bytes a row matter.
  no            integer generated always as identity unique,
  name          text,
  email         text,
  billing_email text,
  currency      text check (currency ~ '^[a-z]{3}$'),
  time_zone     text not null default 'UTC',
  address       jsonb,
  tax_id        text,
  metadata      jsonb not null default '{}',
  test_clock_id text references test_clocks (id),
  created_at    timestamptz not null,
  updated_at    timestamptz not null,
  erased_at     timestamptz
);
create index tenants_created on tenants (created_at desc, id desc);
create index tenants_test_clock on tenants (test_clock_id) where test_clock_id is not null;

create table api_keys (
  id           text primary key,
  name         text not null,
  prefix       text not null,
  secret_hash  bytea not null unique,
  scopes       text[] not null check (cardinality(scopes) > 0),
  tenant_id    text references tenants (id),
  expires_at   timestamptz,
  revoked_at   timestamptz,
  last_used_at timestamptz,
  created_at   timestamptz not null
);

create table idempotency_keys (
  scope       text not null,
  key         text not null,
  fingerprint bytea not null,
  status      smallint not null,
  body        text not null,
  created_at  timestamptz not null,
  primary key (scope, key)
);
create index idempotency_keys_created on idempotency_keys using brin (created_at);

-- A sequence is handed out before its transaction commits, so seq alone would let a reader pass over a slow writer.
-- (xid, seq) below pg_snapshot_xmin(pg_current_snapshot()) is the order that can be followed without gaps.
create table billing_events (
  seq         bigint generated always as identity,
  xid         xid8 not null default pg_current_xact_id(),
  id          text not null,
  tenant_id   text,
  type        text not null,
  subject     text,
  summary     text not null,
  data        json not null,
  source      text not null,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null default statement_timestamp(),
  primary key (xid, seq)
);
create index billing_events_tenant on billing_events (tenant_id, seq desc);

-- Catalog: heads carry what may change in place (names), versions carry the terms, which never change.

create table catalog_state (
  only_row boolean primary key default true check (only_row),
  revision bigint not null
);
insert into catalog_state (revision) values (0);

create table catalog_items (
  kind        text not null check (kind in ('meter', 'feature', 'credit_event', 'credit_product', 'coupon', 'tax_rate')),
  key         text not null,
  no          integer generated always as identity unique,
  body        jsonb not null,
  position    integer not null,
  archived_at timestamptz,
  created_at  timestamptz not null,
  primary key (kind, key)
);

create table plans (
  key             text primary key,
  current_version integer not null,
  head            jsonb not null,
  position        integer not null,
  archived_at     timestamptz,
  created_at      timestamptz not null
);

create table plan_versions (
  plan_key   text not null references plans (key),
  version    integer not null,
  terms      jsonb not null,
  created_at timestamptz not null,
  primary key (plan_key, version)
);

-- Subscriptions. due_at is when something next falls due; the sweep finds work in data, not in timers.

create table subscriptions (
  id                   text primary key,
  tenant_id            text not null references tenants (id),
  test_clock_id        text references test_clocks (id),
  plan_key             text not null,
  plan_version         integer not null,
  status               text not null check (status in ('incomplete', 'trialing', 'active', 'past_due', 'paused', 'canceled', 'expired')),
  currency             text not null,
  seats                integer not null check (seats >= 0),
  processor            text not null check (processor in ('engine', 'stripe')),
  gateway              text not null,
  collection           text not null check (collection in ('charge_automatically', 'send_invoice')),
  interval_unit        text not null check (interval_unit in ('day', 'week', 'month', 'year')),
  interval_count       integer not null check (interval_count > 0),
  time_zone            text not null,
  anchor_at            timestamptz not null,
  started_at           timestamptz not null,
  current_period_start timestamptz not null,
  current_period_end   timestamptz not null,
  -- Everything before this instant has been closed; a subscription that began in the past is behind until it is closed.
  closed_until         timestamptz not null,
  trial_end            timestamptz,
  cancel_at            timestamptz,
  canceled_at          timestamptz,
  ended_at             timestamptz,
  pause                jsonb,
  scheduled_change     jsonb,
  grace_until          timestamptz,
  auto_renew           boolean not null default true,
  billing_email        text,
  due_at               timestamptz,
  created_at           timestamptz not null,
  updated_at           timestamptz not null,
  foreign key (plan_key, plan_version) references plan_versions (plan_key, version),
  check (current_period_start < current_period_end)
);
create unique index subscriptions_one_live on subscriptions (tenant_id) where status not in ('canceled', 'expired');
create index subscriptions_tenant on subscriptions (tenant_id, created_at desc);
create index subscriptions_due on subscriptions (due_at, id) where due_at is not null and test_clock_id is null;
create index subscriptions_due_by_clock on subscriptions (test_clock_id, due_at, id) where due_at is not null and test_clock_id is not null;

-- Invoices: issued ones never change but for their payment. Invoices, lines and payments are written by the hundred thousand on
-- a billing day, always together with what they refer to, so they carry no foreign keys: each would cost a look-up a row.

create table invoice_series (
  series text primary key,
  last   bigint not null
);

create table invoices (
  id              text primary key,
  tenant_id       text not null,
  test_clock_id   text,
  subscription_id text,
  reason          text not null check (reason in ('start', 'period', 'advance', 'final', 'change', 'manual')),
  status          text not null check (status in ('draft', 'open', 'paid', 'void', 'uncollectible')),
  number          text unique,
  currency        text not null,
  period_start    timestamptz not null,
  period_end      timestamptz not null,
  subtotal        bigint not null,
  discount        bigint not null default 0,
  tax             bigint not null default 0,
  total           bigint not null,
  balance_applied bigint not null default 0,
  amount_paid     bigint not null default 0,
  amount_due      bigint not null,
  collection      text not null,
  gateway         text not null,
  issued_at       timestamptz,
  due_at          timestamptz,
  paid_at         timestamptz,
  voided_at       timestamptz,
  processor_invoice_id text,
  created_at      timestamptz not null,
  check (subtotal - discount + tax = total)
);
-- One invoice per subscription, period and reason, whoever asks and however often.
create unique index invoices_once on invoices (subscription_id, period_start, reason) where status <> 'void' and reason in ('start', 'period', 'advance');
create index invoices_subscription on invoices (subscription_id, period_start);
create index invoices_tenant on invoices (tenant_id, created_at desc, id desc);

create table invoice_lines (
  invoice_id      text not null,
  position        integer not null,
  id              text not null,
  tenant_id       text not null,
  subscription_id text,
  kind            text not null,
  plan_key        text,
  plan_version    integer,
  price_key       text,
  meter_key       text,
  group_key       text,
  description     text not null,
  quantity        numeric not null,
  unit_amount     numeric,
  amount          bigint not null,
  period_start    timestamptz not null,
  period_end      timestamptz not null,
  proration       boolean not null default false,
  -- How often this price and period was billed before: 0, then 1, 2, … for what came late.
  round           integer not null default 0,
  -- json, not jsonb: it is only ever read back whole, and cheaper to store.
  explain         json not null default '{}',
  primary key (invoice_id, position)
);
create unique index invoice_lines_once on invoice_lines (subscription_id, period_start, price_key, kind, coalesce(group_key, ''), round)
  where kind in ('flat', 'seat', 'usage', 'commitment');

create table payment_methods (
  id         text primary key,
  tenant_id  text not null references tenants (id),
  gateway    text not null,
  reference  text not null,
  kind       text not null,
  brand      text,
  last4      text,
  exp_month  smallint,
  exp_year   smallint,
  is_default boolean not null,
  created_at timestamptz not null,
  detached_at timestamptz
);
create unique index payment_methods_default on payment_methods (tenant_id) where is_default and detached_at is null;
create index payment_methods_tenant on payment_methods (tenant_id, created_at desc);

create table payments (
  id                text primary key,
  tenant_id         text not null,
  invoice_id        text,
  gateway           text not null,
  payment_method_id text,
  currency          text not null,
  amount            bigint not null check (amount > 0),
  amount_received   bigint not null default 0,
  status            text not null check (status in ('requested', 'succeeded', 'failed', 'requires_action', 'pending', 'unknown')),
  gateway_reference text,
  code              text,
  reason            text,
  attempt           integer not null,
  test_clock_id     text,
  requested_at      timestamptz not null,
  -- Real time: until then one worker works on the row; a crash frees it by time.
  claimed_until     timestamptz,
  -- Set before the gateway is called: from then on the gateway is asked about the attempt before it is charged again.
  sent_at           timestamptz,
  settled_at        timestamptz
);
create index payments_tenant on payments (tenant_id, requested_at desc, id desc);
create unique index payments_attempt on payments (invoice_id, attempt);
-- At most one attempt of an invoice is in flight, so that nothing can be charged twice.
create unique index payments_in_flight on payments (invoice_id) where status in ('requested', 'pending', 'unknown', 'requires_action');
create index payments_open on payments (requested_at) where status in ('requested', 'unknown');

-- What a tenant has to its credit from negative invoices; entries are never changed, the balance is their sum.
create table balance_entries (
  id         bigint generated always as identity primary key,
  tenant_id  text not null references tenants (id),
  currency   text not null,
  amount     bigint not null,
  invoice_id text not null references invoices (id),
  kind       text not null check (kind in ('credited', 'applied', 'overpaid')),
  created_at timestamptz not null
);
create unique index balance_entries_once on balance_entries (invoice_id, kind) where kind <> 'overpaid';
create index balance_entries_tenant on balance_entries (tenant_id, currency);

-- The sandbox gateway's own memory, as a real gateway has one: what it answered to each key.
create table sandbox_charges (
  idempotency_key text primary key,
  answer          jsonb not null,
  created_at      timestamptz not null
);
