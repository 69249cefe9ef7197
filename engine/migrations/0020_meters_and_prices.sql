-- What the catalog's prices and meters are called at a processor, as `billwright stripe sync` made them; and usage on its way there.

create table processor_prices (
  processor    text not null,
  plan_key     text not null,
  plan_version integer not null,
  price_key    text not null,
  currency     text not null,
  reference    text not null,
  created_at   timestamptz not null,
  primary key (processor, plan_key, plan_version, price_key, currency)
);
create index processor_prices_reference on processor_prices (processor, reference);

create table processor_meters (
  processor  text not null,
  meter_key  text not null,
  event_name text not null,
  reference  text not null,
  created_at timestamptz not null,
  primary key (processor, meter_key)
);

-- How far the events of a subscription at a processor have been taken to its outbox: the seq of the last (usage_events).
create table processor_usage (
  subscription_id text primary key references subscriptions (id),
  tenant_id       text not null,
  taken_to        bigint not null,
  -- Real time: when it is looked at again.
  next_at         timestamptz not null
);
create index processor_usage_next on processor_usage (next_at);

-- One row an event and meter: the identifier under which the processor counts it once, however often it is sent.
create table meter_events (
  id            bigint generated always as identity primary key,
  tenant_id     text not null,
  processor     text not null,
  identifier    text not null,
  event_name    text not null,
  customer      text not null,
  value         numeric not null,
  at            timestamptz not null,
  status        text not null check (status in ('waiting', 'sent', 'refused')),
  attempts      integer not null default 0,
  error         text,
  -- Real time.
  claimed_until timestamptz,
  next_at       timestamptz not null,
  created_at    timestamptz not null,
  sent_at       timestamptz,
  unique (processor, identifier)
);
create index meter_events_waiting on meter_events (next_at) where status = 'waiting';
create index meter_events_tenant on meter_events (tenant_id, id desc);

select isolate('processor_usage');
select isolate('meter_events');
