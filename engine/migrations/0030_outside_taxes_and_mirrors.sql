-- Taxes of an engine outside: what it answered, by what exactly it was asked about; whose invoices wait for it; what it is to record.

create table tax_answers (
  id              text primary key,
  tenant_id       text not null references tenants (id),
  engine          text not null,
  -- Hash of the buyer and the sums that were asked about: an invoice takes the answer to exactly its own.
  question        text not null,
  calculation     text,
  status          text not null check (status in ('taxed', 'exempt', 'reverse_charge', 'none')),
  place_of_supply text,
  sums            jsonb not null,
  -- The invoice that was issued by it: an answer is taken once.
  invoice_id      text,
  -- Real time.
  asked_at        timestamptz not null
);
create index tax_answers_open on tax_answers (question, asked_at) where invoice_id is null;
create index tax_answers_tenant on tax_answers (tenant_id, asked_at desc);

-- One for each tenant of which the engine said nothing, or refused. Its invoices wait; it is asked again.
create table tax_waits (
  tenant_id text primary key references tenants (id),
  engine    text not null,
  question  text not null,
  refused   boolean not null,
  reason    text not null,
  attempts  integer not null,
  -- Real time.
  since     timestamptz not null,
  next_at   timestamptz not null
);

create table tax_records (
  id            bigint generated always as identity primary key,
  tenant_id     text not null references tenants (id),
  invoice_id    text not null,
  engine        text not null,
  -- sale: what the invoice sells. return: what of a code it gives back. reversal: of a credit note, or of all when it is voided.
  kind          text not null check (kind in ('sale', 'return', 'reversal')),
  subject       text not null,
  currency      text not null,
  calculation   text,
  -- Of a sale: the code of each line, by its position.
  codes         jsonb,
  -- What is sold, or taken back, by code; null: all of the sale is.
  sums          jsonb,
  status        text not null check (status in ('waiting', 'done', 'failed')),
  reference     text,
  recorded      jsonb,
  -- The sale that it took back from.
  sale_id       bigint,
  attempts      integer not null default 0,
  error         text,
  -- Real time.
  claimed_until timestamptz,
  next_at       timestamptz not null,
  created_at    timestamptz not null,
  done_at       timestamptz,
  unique (invoice_id, kind, subject)
);
create index tax_records_open on tax_records (next_at) where status = 'waiting';
create index tax_records_tenant on tax_records (tenant_id, id desc);

select isolate('tax_answers');
select isolate('tax_waits');
select isolate('tax_records');

-- What Stripe is told of the engine's own invoices: that they were voided or written off, their credit notes, and what became balance.
alter table processor_notices drop constraint processor_notices_kind_check;
alter table processor_notices add constraint processor_notices_kind_check
  check (kind in ('paid', 'mirror', 'void', 'uncollectible', 'credit_note', 'balance'));
alter table processor_notices add column subject text not null default '';
alter table processor_notices drop constraint processor_notices_invoice_id_kind_key;
alter table processor_notices add constraint processor_notices_once unique (invoice_id, kind, subject);
create index processor_notices_tenant on processor_notices (tenant_id, id);

-- Whether a tenant's invoices are shown there; null: as the engine is set.
alter table tenants add column provider_sync text check (provider_sync in ('off', 'invoices'));

-- Stripe takes usage at once and looks at it later: what it then said of it.
alter table meter_events add column refused_code text;
create index meter_events_refused on meter_events (tenant_id, id desc) where status = 'refused';
