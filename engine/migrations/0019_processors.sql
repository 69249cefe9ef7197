-- Subscriptions whose cycle runs at a processor of others (Stripe Billing): what they are called there, and what we ask of it.

create table processor_subscriptions (
  subscription_id text primary key references subscriptions (id),
  tenant_id       text not null references tenants (id),
  processor       text not null check (processor in ('stripe')),
  -- The processor's names; null: not told yet.
  reference       text,
  customer        text,
  -- Moves with each step that is taken over. Whoever reads at the processor notes it before, and writes only if it still stands: what was
  -- read earlier never overwrites what was read later.
  version         bigint not null default 0,
  -- Real time: when the processor was last asked by the sweep.
  asked_at        timestamptz,
  created_at      timestamptz not null
);
create unique index processor_subscriptions_reference on processor_subscriptions (processor, reference) where reference is not null;
create index processor_subscriptions_customer on processor_subscriptions (customer);
create index processor_subscriptions_tenant on processor_subscriptions (tenant_id);
create index processor_subscriptions_asked on processor_subscriptions (asked_at nulls first);

-- What is asked of a processor: written before the call, in the write that decided it. Its id is the key under which it is asked, and stands
-- in the metadata of what it makes, so that what a crash left open is found there before it is asked again.
create table processor_commands (
  id              text primary key,
  tenant_id       text not null references tenants (id),
  subscription_id text not null references subscriptions (id),
  processor       text not null,
  kind            text not null check (kind in ('start', 'update', 'plan', 'cancel', 'revoke', 'pause', 'resume')),
  input           jsonb not null,
  status          text not null check (status in ('requested', 'done', 'failed')),
  code            text,
  reason          text,
  attempts        integer not null default 0,
  -- Real time.
  sent_at         timestamptz,
  claimed_until   timestamptz,
  created_at      timestamptz not null,
  finished_at     timestamptz,
  check ((status = 'requested') = (finished_at is null))
);
-- One at a time: what comes next builds on what became of it.
create unique index processor_commands_one on processor_commands (subscription_id) where status = 'requested';
create index processor_commands_open on processor_commands (created_at) where status = 'requested';
create index processor_commands_tenant on processor_commands (tenant_id, created_at desc);

-- Whose an invoice is: the engine's own, or the processor's, mirrored here with its links.
alter table invoices add column processor text not null default 'engine' check (processor in ('engine', 'stripe'));
alter table invoices add column processor_hosted_url text;
alter table invoices add column processor_pdf_url text;
create unique index invoices_processor on invoices (processor_invoice_id) where processor_invoice_id is not null;
-- Of the engine's own alone: a processor makes its invoices as it likes, and each is told by its name there.
drop index invoices_once;
create unique index invoices_once on invoices (subscription_id, period_start, reason)
  where status <> 'void' and reason in ('start', 'period', 'advance') and processor = 'engine';
-- What was collected here of a processor's invoice, and is to be said there; or an invoice of ours that is to be shown there.
create table processor_notices (
  id            bigint generated always as identity primary key,
  tenant_id     text not null references tenants (id),
  invoice_id    text not null,
  processor     text not null,
  kind          text not null check (kind in ('paid', 'mirror')),
  attempts      integer not null default 0,
  error         text,
  claimed_until timestamptz,
  next_at       timestamptz not null,
  created_at    timestamptz not null,
  done_at       timestamptz,
  unique (invoice_id, kind)
);
create index processor_notices_open on processor_notices (next_at) where done_at is null;
-- A payment that the processor tells of, by its name there, once.
create unique index payments_of_processor on payments (gateway, gateway_reference) where gateway = 'stripe' and order_id is null and sent_at is null;

select isolate('processor_subscriptions');
select isolate('processor_commands');
select isolate('processor_notices');

do $$
declare
  audited text[];
begin
  foreach audited slice 1 in array array[
    ['processor_subscriptions', 'processor_subscription', 'subscription_id', 'tenant_id'],
    ['processor_commands', 'processor_command', 'id', 'tenant_id'],
    ['processor_notices', 'processor_notice', 'id', 'tenant_id']
  ] loop
    execute format(
      'create trigger audit after insert or update or delete on %I for each row when (coalesce(current_setting(''billwright.actor'', true), '''') <> '''') execute function audit_change(%L, %L, %L, %L)',
      audited[1], audited[2], audited[3], audited[4], '');
  end loop;
end $$;
