-- Collection of what was not paid: retries are found as due work in next_attempt_at.
alter table invoices
  add column failed_at        timestamptz,
  add column retries          smallint not null default 0,
  add column next_attempt_at  timestamptz,
  add column dunning_ended_at timestamptz;
create index invoices_retry on invoices (next_attempt_at, id) where next_attempt_at is not null;
-- What keeps a subscription past due.
create index invoices_failing on invoices (subscription_id) where failed_at is not null and status = 'open';

-- A voided invoice gives back the balance that it had used up.
alter table balance_entries drop constraint balance_entries_kind_check;
alter table balance_entries add constraint balance_entries_kind_check check (kind in ('credited', 'applied', 'overpaid', 'returned'));

-- Discounts: a coupon as it was when a tenant, or one subscription, was given it. What is used up is the sum of its uses on
-- invoices that stand, so that voiding gives it back.
create table discounts (
  id              text primary key,
  tenant_id       text not null references tenants (id),
  subscription_id text,
  coupon_key      text not null,
  terms           jsonb not null,
  created_at      timestamptz not null,
  ended_at        timestamptz
);
create index discounts_active on discounts (tenant_id, id) where ended_at is null;
create unique index discounts_once on discounts (tenant_id, coalesce(subscription_id, ''), coupon_key) where ended_at is null;

create table discount_uses (
  discount_id text not null references discounts (id),
  invoice_id  text not null,
  tenant_id   text not null,
  amount      bigint not null,
  -- Whether it uses up one of a limited number of periods.
  counts      boolean not null,
  created_at  timestamptz not null,
  primary key (discount_id, invoice_id)
);

-- Discounts and taxes of a line: what was taken off and put on, each with what made it. `tax` includes what the amount contains.
alter table invoice_lines
  add column discount  bigint not null default 0,
  add column tax       bigint not null default 0,
  add column discounts jsonb not null default '[]',
  add column taxes     jsonb not null default '[]';

alter table tenants add column tax_exempt boolean not null default false;

-- Who is billed, as it was when the invoice was issued. tax_included: the part of tax that the prices contain already.
alter table invoices
  add column tax_included    bigint not null default 0,
  add column tax_status      text not null default 'none' check (tax_status in ('taxed', 'exempt', 'reverse_charge', 'none')),
  add column place_of_supply text,
  add column bill_to         jsonb;
alter table invoices drop constraint invoices_check;
alter table invoices add constraint invoices_total check (subtotal - discount + tax - tax_included = total);

-- One-off lines: on the next invoice of the tenant, or on one of their own.
create table invoice_items (
  id           text primary key,
  tenant_id    text not null references tenants (id),
  currency     text not null,
  description  text not null,
  quantity     numeric not null,
  unit_amount  numeric,
  amount       bigint not null,
  price_key    text,
  period_start timestamptz not null,
  period_end   timestamptz not null,
  -- null: it waits for the next invoice.
  invoice_id   text,
  created_at   timestamptz not null
);
create index invoice_items_waiting on invoice_items (tenant_id, id) where invoice_id is null;
