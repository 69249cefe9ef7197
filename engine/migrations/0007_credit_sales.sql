-- Credits that are sold and that come with plans: checkouts, purchases, the credits of periods, automatic top-up.

-- A page of a gateway on which somebody pays for a pack of credits, or leaves the payment method for a plan. What is sold is written
-- here before anybody sees the page; what comes of it is taken in once, whoever reports it.
create table checkouts (
  id                text primary key,
  tenant_id         text not null references tenants (id),
  kind              text not null check (kind in ('credits', 'plan')),
  status            text not null check (status in ('open', 'completed', 'canceled', 'expired', 'failed')),
  gateway           text not null,
  gateway_reference text not null,
  url               text not null,
  -- What is sold: a product and how many of it, or a plan and seats.
  item              jsonb not null,
  currency          text not null,
  amount            bigint not null check (amount >= 0),
  -- The attempt that the page makes, under this id.
  payment_id        text not null unique,
  success_url       text not null,
  cancel_url        text not null,
  invoice_id        text,
  subscription_id   text,
  failure           text,
  -- Real time, as the gateway's.
  expires_at        timestamptz not null,
  -- The next time that the gateway is asked about it, should nobody report; null: never again.
  ask_at            timestamptz,
  asked             smallint not null default 0,
  created_at        timestamptz not null,
  closed_at         timestamptz,
  check ((status = 'open') = (closed_at is null))
);
create index checkouts_tenant on checkouts (tenant_id, created_at desc, id desc);
create index checkouts_ask on checkouts (ask_at) where ask_at is not null;

-- The sandbox's own pages, as a gateway has them.
create table sandbox_checkouts (
  token       text primary key,
  checkout_id text not null unique,
  payment_key text not null,
  mode        text not null check (mode in ('payment', 'setup')),
  amount      bigint not null,
  currency    text not null,
  description text not null,
  success_url text not null,
  cancel_url  text not null,
  status      text not null check (status in ('open', 'completed', 'canceled', 'expired')),
  card        text,
  expires_at  timestamptz not null,
  created_at  timestamptz not null
);

-- A pack of credits that was sold, with the invoice for it. Granted when that invoice is paid: the grant's origin is this id, once for ever.
create table credit_purchases (
  id            text primary key,
  tenant_id     text not null references tenants (id),
  invoice_id    text not null unique,
  product_key   text not null,
  quantity      integer not null check (quantity > 0),
  credits       numeric not null check (credits > 0),
  origin        text not null check (origin in ('checkout', 'direct', 'invoice', 'top_up')),
  checkout_id   text unique references checkouts (id),
  status        text not null check (status in ('open', 'granted', 'canceled')),
  -- What the invoice came to, and how much of it credit notes took off.
  total         bigint not null,
  credited      bigint not null default 0,
  grant_id      text,
  granted       numeric not null default 0,
  -- What was to be taken back for refunds, and what was there to take.
  revoked       numeric not null default 0,
  taken_back    numeric not null default 0,
  created_at    timestamptz not null,
  granted_at    timestamptz,
  check (taken_back <= revoked and revoked <= granted),
  check ((status = 'granted') = (granted_at is not null))
);
create index credit_purchases_tenant on credit_purchases (tenant_id, created_at desc, id desc);

-- What plans grant, each once: the level that a period of a subscription is filled up to, when the invoice that opened it is paid.
-- `cause` tells apart what fills the same period: its opening, each change within it. subject: a subscription, or 'free'.
create table plan_credits (
  id              text primary key,
  tenant_id       text not null references tenants (id),
  subject         text not null,
  period_start    timestamptz not null,
  period_end      timestamptz not null,
  cause           text not null,
  plan_key        text not null,
  plan_version    integer not null,
  -- null: nothing is to be paid for it.
  invoice_id      text,
  status          text not null check (status in ('waiting', 'granted', 'lapsed')),
  level           numeric not null check (level > 0),
  priority        smallint not null,
  -- Keeps what is left at the period's end, at most so much of it; false: it expires.
  rollover        boolean not null,
  rollover_max    numeric,
  since           timestamptz not null,
  -- Until then it counts toward what opens after it: to its period's end, or of one that has taken it in whole.
  counts_until    timestamptz not null,
  -- What it added to what ran already: zero, where that was as much.
  granted         numeric not null default 0,
  -- What credit notes of its invoice took back of that.
  taken_back      numeric not null default 0,
  invoice_total   bigint,
  credited        bigint not null default 0,
  revoked         numeric not null default 0,
  grant_id        text,
  created_at      timestamptz not null,
  granted_at      timestamptz,
  unique (tenant_id, subject, period_start, cause),
  check (period_start < period_end),
  check (taken_back <= revoked and revoked <= granted)
);
create index plan_credits_invoice on plan_credits (invoice_id) where invoice_id is not null;
create index plan_credits_running on plan_credits (tenant_id, counts_until) where status = 'granted';

-- When a tenant without a subscription gets the credits of the default plan next: by the month from its anchor on.
create table free_credit_cycles (
  tenant_id     text primary key references tenants (id),
  test_clock_id text,
  anchor_at     timestamptz not null,
  due_at        timestamptz not null
);
create index free_credit_cycles_due on free_credit_cycles (due_at) where test_clock_id is null;
create index free_credit_cycles_by_clock on free_credit_cycles (test_clock_id, due_at) where test_clock_id is not null;

-- Automatic top-up: what is bought when a tenant can spend less than the threshold.
create table credit_top_ups (
  tenant_id       text primary key references tenants (id),
  product_key     text not null,
  threshold       numeric not null check (threshold > 0),
  -- So many packs each time, or as many as it takes to reach the target.
  quantity        integer check (quantity > 0),
  target          numeric check (target > threshold),
  -- In a month of the tenant's; null: no limit.
  month_count     integer check (month_count > 0),
  month_amount    bigint check (month_amount > 0),
  enabled         boolean not null,
  -- Why the engine switched it off.
  disabled_reason text,
  -- In a row, and when it is tried again.
  failures        smallint not null default 0,
  retry_at        timestamptz,
  created_at      timestamptz not null,
  updated_at      timestamptz not null,
  check ((quantity is null) <> (target is null))
);

create table credit_top_up_runs (
  id         text primary key,
  tenant_id  text not null references tenants (id),
  status     text not null check (status in ('running', 'granted', 'failed')),
  invoice_id text not null unique,
  quantity   integer not null,
  amount     bigint not null,
  currency   text not null,
  began_at   timestamptz not null,
  ended_at   timestamptz,
  check ((status = 'running') = (ended_at is null))
);
-- One purchase at a time, whoever notices the low balance.
create unique index credit_top_up_runs_one on credit_top_up_runs (tenant_id) where status = 'running';
create index credit_top_up_runs_tenant on credit_top_up_runs (tenant_id, began_at);

-- The threshold beside the balance: whatever takes the balance below it wakes the top-up, in the transaction that does.
alter table credit_wallets add column top_up_below numeric;
create function credits_wake_top_up() returns trigger language plpgsql as $$
begin
  perform graphile_worker.add_job('top-ups-due', '{}'::json, job_key => 'top-ups-due');
  return null;
end $$;
create trigger credit_wallets_top_up after update on credit_wallets for each row
  when (new.top_up_below is not null and new.available < new.top_up_below and old.available >= new.top_up_below)
  execute function credits_wake_top_up();

-- Of usage that burns credits and bills the rest: what of each event credits have covered, which is not billed again.
create table usage_covered (
  tenant_no integer not null,
  meter_no  integer not null,
  identity  uuid not null,
  at        timestamptz not null,
  covered   numeric not null check (covered > 0),
  credits   numeric not null check (credits > 0),
  primary key (tenant_no, meter_no, identity)
);
create index usage_covered_at on usage_covered (tenant_no, meter_no, at);
