-- The lifecycle of a subscription: what changed within a period, what waits for the next invoice, who had a trial.

-- Since when periods are counted from the anchor as it is: the start of what is paid, then each change of interval or resume.
alter table subscriptions add column cycle_start timestamptz;
update subscriptions set cycle_start = coalesce(trial_end, started_at);
alter table subscriptions alter column cycle_start set not null;
-- What was used before it is on the books of the subscription before; null: there is none that reaches so far.
alter table subscriptions add column usage_from timestamptz;
alter table subscriptions add column trial_warned boolean not null default false;
alter table subscriptions add column cancel_reason text;

-- One trial a tenant and plan, also where the subscription has moved on to another plan since.
create table trials (
  tenant_id       text not null references tenants (id),
  plan_key        text not null,
  subscription_id text not null references subscriptions (id),
  began_at        timestamptz not null,
  primary key (tenant_id, plan_key)
);
insert into trials (tenant_id, plan_key, subscription_id, began_at)
select distinct on (tenant_id, plan_key) tenant_id, plan_key, id, started_at
from subscriptions where trial_end is not null order by tenant_id, plan_key, created_at;

-- What was in force, and what was sold, for each part of a period that was not served whole under one set of terms.
-- A period without rows was: most subscriptions never have any.
create table service_segments (
  subscription_id   text not null references subscriptions (id),
  tenant_id         text not null,
  service_start     timestamptz not null,
  service_end       timestamptz not null,
  period_start      timestamptz not null,
  period_end        timestamptz not null,
  full_start        timestamptz not null,
  full_end          timestamptz not null,
  plan_key          text not null,
  plan_version      integer not null,
  seats             integer not null,
  sold_plan_key     text not null,
  sold_plan_version integer not null,
  sold_seats        integer not null,
  primary key (subscription_id, service_start),
  check (service_start < service_end)
);

-- Lines of a change that waits for the next invoice; the invoice that takes them removes them here.
create table pending_lines (
  id              text primary key,
  tenant_id       text not null,
  subscription_id text not null references subscriptions (id),
  position        integer not null,
  kind            text not null,
  plan_key        text,
  plan_version    integer,
  price_key       text,
  description     text not null,
  quantity        numeric not null,
  unit_amount     numeric,
  amount          bigint not null,
  period_start    timestamptz not null,
  period_end      timestamptz not null,
  round           integer not null,
  explain         jsonb not null,
  created_at      timestamptz not null
);
create index pending_lines_subscription on pending_lines (subscription_id);

-- Credits have their identity too, and so have lines without a price: a minimum commitment.
drop index invoice_lines_once;
create unique index invoice_lines_once on invoice_lines (subscription_id, period_start, coalesce(price_key, ''), kind, coalesce(group_key, ''), round)
  where kind in ('flat', 'seat', 'usage', 'commitment', 'credit');
