-- What gateways tell us: stored as it came, once by (gateway, event id), and worked on from here.

create table inbound_events (
  id            text primary key,
  gateway       text not null,
  event_id      text not null,
  type          text not null,
  -- Whom it concerns, known once it was interpreted; null: nobody yet, or nobody here.
  tenant_id     text,
  state         text not null check (state in ('pending', 'working', 'done', 'ignored', 'failed', 'dead')),
  -- The bytes that were signed; null: erased with the personal data of its tenant.
  body          bytea,
  -- How often it was delivered, and how often worked on since it was received or last replayed.
  deliveries    integer not null default 1,
  attempts      integer not null default 0,
  last_error    text,
  -- Real time, as the gateway's.
  next_at       timestamptz,
  claimed_until timestamptz,
  received_at   timestamptz not null,
  finished_at   timestamptz,
  unique (gateway, event_id),
  check ((state = 'working') = (claimed_until is not null)),
  check ((state = 'failed') = (next_at is not null))
);
create index inbound_events_listed on inbound_events (received_at desc, id desc);
create index inbound_events_open on inbound_events (received_at) where state in ('pending', 'working');
create index inbound_events_retry on inbound_events (next_at) where state = 'failed';
create index inbound_events_tenant on inbound_events (tenant_id) where tenant_id is not null;
-- A row without a tenant is the platform's alone: to whoever is confined to a tenant it does not exist. It is given its tenant before the
-- write that works on it, so that this write can be confined, and still mark the row in the same transaction.
select isolate('inbound_events');

-- Orders at a gateway: what somebody may pay on its page, for exactly what an invoice owed when it was asked for. Written before the gateway
-- is called; the receipt finds the order there again when no answer came.
create table payment_orders (
  id                text primary key,
  tenant_id         text not null references tenants (id),
  test_clock_id     text,
  invoice_id        text not null,
  invoice_number    text,
  gateway           text not null,
  receipt           text not null unique,
  status            text not null check (status in ('requested', 'open', 'paid', 'failed')),
  currency          text not null,
  amount            bigint not null check (amount > 0),
  gateway_reference text,
  code              text,
  reason            text,
  -- Real time. Set before the gateway is called: from then on it is asked by receipt before it is called again.
  sent_at           timestamptz,
  claimed_until     timestamptz,
  -- The next time that the gateway is asked for payments that nobody reported; null: never again.
  ask_at            timestamptz,
  asked             smallint not null default 0,
  created_at        timestamptz not null
);
create unique index payment_orders_one_open on payment_orders (invoice_id, gateway, amount) where status in ('requested', 'open');
create unique index payment_orders_reference on payment_orders (gateway, gateway_reference) where gateway_reference is not null;
create index payment_orders_ask on payment_orders (ask_at) where ask_at is not null;
select isolate('payment_orders');

-- What was paid on an order is told by the gateway's own name of it, once. Nobody here sends it, so it does not stand in the way of a charge.
alter table payments add column order_id text;
create unique index payments_of_order on payments (gateway, gateway_reference) where order_id is not null;
drop index payments_in_flight;
create unique index payments_in_flight on payments (invoice_id)
  where status in ('requested', 'pending', 'unknown', 'requires_action') and order_id is null;
drop index payments_open;
create index payments_open on payments (requested_at) where status in ('requested', 'unknown') and order_id is null;
