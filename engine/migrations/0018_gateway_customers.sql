-- Who a tenant is at a gateway. Written before the gateway is called: the row's id is the key that keeps two calls from making two customers.
create table gateway_customers (
  id         text primary key,
  tenant_id  text not null references tenants (id),
  gateway    text not null,
  -- The gateway's name of the customer; null: no answer yet.
  reference  text,
  -- What the gateway was last told of them: it is told again when that changes.
  told       text,
  created_at timestamptz not null,
  -- Deleted at the gateway: the next one is another row, with another key.
  deleted_at timestamptz
);
create unique index gateway_customers_one on gateway_customers (tenant_id, gateway) where deleted_at is null;
create unique index gateway_customers_reference on gateway_customers (gateway, reference) where reference is not null;
select isolate('gateway_customers');

-- The gateway's own time of a method: the newest is the default, in whatever order they are told of. Of the sandbox's, the engine's.
alter table payment_methods add column made_at timestamptz;
-- A gateway's name of a method is one method for ever, also after it was detached. The sandbox's tokens are everybody's.
create unique index payment_methods_reference on payment_methods (gateway, reference) where gateway <> 'sandbox';

-- Where a person confirms what the bank asks; null: nowhere that the gateway tells of.
alter table payments add column action_url text;
-- When the gateway is asked again about an attempt that is on its way, and how often it was. Real time.
alter table payments add column ask_at timestamptz;
alter table payments add column asked smallint not null default 0;
create index payments_ask on payments (ask_at) where ask_at is not null;
create index payments_reference on payments (gateway, gateway_reference) where gateway_reference is not null;

-- Payments that the payer's bank takes back, or means to.
create table payment_disputes (
  id         text primary key,
  tenant_id  text not null references tenants (id),
  payment_id text not null references payments (id),
  gateway    text not null,
  reference  text not null,
  status     text not null check (status in ('warning', 'needs_response', 'under_review', 'won', 'lost')),
  reason     text,
  currency   text not null,
  amount     bigint not null check (amount >= 0),
  opened_at  timestamptz not null,
  closed_at  timestamptz,
  unique (gateway, reference),
  check ((status in ('won', 'lost')) = (closed_at is not null))
);
create index payment_disputes_payment on payment_disputes (payment_id);
select isolate('payment_disputes');
-- How the newest of them stands, for whoever looks at the payment.
alter table payments add column dispute text;

do $$
declare
  audited text[];
begin
  foreach audited slice 1 in array array[
    ['gateway_customers', 'gateway_customer', 'id', 'tenant_id', ''],
    ['payment_disputes', 'payment_dispute', 'id', 'tenant_id', '']
  ] loop
    execute format(
      'create trigger audit after insert or update or delete on %I for each row when (coalesce(current_setting(''billwright.actor'', true), '''') <> '''') execute function audit_change(%L, %L, %L, %L)',
      audited[1], audited[2], audited[3], audited[4], audited[5]);
  end loop;
end $$;

-- The sandbox gateway's own memory of setup intents.
create table sandbox_setups (
  id          text primary key,
  party       text not null,
  secret      text not null unique,
  created_at  timestamptz not null,
  finished_at timestamptz
);
