-- Top-ups by the calendar: rules of a tenant, each settled once an occurrence. And what holds keep from a refund or a cap.

create table credit_top_up_rules (
  id              text primary key,
  tenant_id       text not null references tenants (id),
  key             text not null,
  -- `purchase`: bought by the stored method; else granted.
  source          text not null check (source in ('purchase', 'promotion', 'adjustment')),
  product_key     text,
  -- So many packs or credits each time, or as many as it takes to have the target.
  quantity        integer check (quantity > 0),
  amount          numeric check (amount > 0),
  target          numeric check (target > 0),
  priority        smallint check (priority between 0 and 255),
  reason          text,
  -- What is granted expires at the next occurrence.
  expires         boolean not null,
  interval_unit   text not null check (interval_unit in ('day', 'week', 'month', 'year')),
  interval_count  integer not null check (interval_count between 1 and 1000),
  -- The first occurrence, from which all others are counted; from ends_at on there are none.
  starts_at       timestamptz not null,
  ends_at         timestamptz check (ends_at > starts_at),
  -- The occurrence that is to be settled next; null: none is to come.
  next_at         timestamptz,
  month_count     integer check (month_count > 0),
  month_amount    bigint check (month_amount > 0),
  enabled         boolean not null,
  disabled_reason text,
  failures        smallint not null default 0,
  retry_at        timestamptz,
  created_at      timestamptz not null,
  updated_at      timestamptz not null,
  unique (tenant_id, key),
  check ((source = 'purchase') = (product_key is not null)),
  check (num_nonnulls(quantity, amount, target) = 1 and (quantity is null or source = 'purchase') and (amount is null or source <> 'purchase'))
);
create index credit_top_up_rules_due on credit_top_up_rules (next_at) where enabled and next_at is not null;

-- What became of each occurrence, once; a rule that is deleted leaves its own behind.
create table credit_top_up_occurrences (
  rule_id    text not null,
  tenant_id  text not null references tenants (id),
  at         timestamptz not null,
  status     text not null check (status in ('purchased', 'granted', 'skipped', 'failed')),
  -- Of skipped and failed.
  reason     text,
  grant_id   text,
  invoice_id text unique,
  settled_at timestamptz not null,
  primary key (rule_id, at),
  check ((status = 'granted') = (grant_id is not null)),
  check ((status = 'purchased') = (invoice_id is not null)),
  check ((status in ('skipped', 'failed')) = (reason is not null))
);
create index credit_top_up_occurrences_tenant on credit_top_up_occurrences (tenant_id);

-- A purchase for an occurrence; of one and the same at most one is not failed.
alter table credit_top_up_runs add column rule_id text, add column occurrence_at timestamptz,
  add constraint credit_top_up_runs_of check ((rule_id is null) = (occurrence_at is null));
create unique index credit_top_up_runs_occurrence on credit_top_up_runs (rule_id, occurrence_at) where status <> 'failed';

-- While a subscription is paused nothing is bought or given by itself.
alter table credit_wallets add column top_ups_paused boolean not null default false;
update credit_wallets w set top_ups_paused = true
from subscriptions s where s.tenant_id = w.tenant_id and s.status = 'paused';

-- In which order what a pack granted is used up, where its product says so.
alter table credit_purchases add column priority smallint check (priority between 0 and 255);

-- What a hold has of a plan's grant beyond the cap of its rollover: it expires as the hold gives it back.
alter table plan_credits add column cut numeric not null default 0 check (cut >= 0);

create index credit_holds_tenant on credit_holds (tenant_id, created_at desc, id collate "C" desc);

select isolate('credit_top_up_rules');
select isolate('credit_top_up_occurrences');

create trigger audit after insert or update or delete on credit_top_up_rules for each row
  when (coalesce(current_setting('billwright.actor', true), '') <> '')
  execute function audit_change('credit_top_up_rule', 'id', 'tenant_id', '');
