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

-- Credit notes correct what was issued. total = what they take off the invoice = to_balance + refunded + offset_due.
create table credit_notes (
  id         text primary key,
  tenant_id  text not null references tenants (id),
  invoice_id text not null,
  number     text not null unique,
  currency   text not null,
  subtotal   bigint not null,
  discount   bigint not null,
  tax        bigint not null,
  total      bigint not null check (total > 0),
  to_balance bigint not null check (to_balance >= 0),
  refunded   bigint not null check (refunded >= 0),
  offset_due bigint not null check (offset_due >= 0),
  reason     text,
  created_at timestamptz not null,
  check (to_balance + refunded + offset_due = total)
);
create index credit_notes_invoice on credit_notes (invoice_id, id);

create table credit_note_lines (
  credit_note_id text not null references credit_notes (id),
  position       integer not null,
  tenant_id      text not null,
  invoice_id     text not null,
  line_id        text not null,
  description    text not null,
  amount         bigint not null,
  discount       bigint not null,
  taxes          jsonb not null,
  tax            bigint not null,
  total          bigint not null,
  primary key (credit_note_id, position)
);
create index credit_note_lines_invoice on credit_note_lines (invoice_id);

-- amount_offset: what credit notes took off what was due. credited: all that they took off the total. refunded: money given back.
alter table invoices
  add column amount_offset bigint not null default 0,
  add column credited      bigint not null default 0,
  add column refunded      bigint not null default 0;
alter table invoices add constraint invoices_not_overcredited check (credited <= greatest(total, 0) and refunded <= amount_paid);

-- Several notes of one invoice may become balance, and so may refunds that failed.
drop index balance_entries_once;
create unique index balance_entries_once on balance_entries (invoice_id, kind) where kind in ('credited', 'applied', 'returned');
alter table balance_entries drop constraint balance_entries_kind_check;
alter table balance_entries add constraint balance_entries_kind_check
  check (kind in ('credited', 'applied', 'overpaid', 'returned', 'credit_note', 'refund_failed'));

-- Money on its way back. Written before the gateway is called, with its own key, as attempts are.
create table refunds (
  id                text primary key,
  tenant_id         text not null references tenants (id),
  payment_id        text not null,
  invoice_id        text,
  credit_note_id    text,
  gateway           text not null,
  currency          text not null,
  amount            bigint not null check (amount > 0),
  status            text not null check (status in ('requested', 'pending', 'unknown', 'succeeded', 'failed')),
  gateway_reference text,
  code              text,
  reason            text,
  test_clock_id     text,
  requested_at      timestamptz not null,
  sent_at           timestamptz,
  claimed_until     timestamptz,
  settled_at        timestamptz
);
create index refunds_payment on refunds (payment_id);
create index refunds_open on refunds (requested_at) where status in ('requested', 'unknown', 'pending');

-- The secret part of the public address of an invoice.
alter table invoices add column hosted_token text;
create unique index invoices_hosted on invoices (hosted_token) where hosted_token is not null;
