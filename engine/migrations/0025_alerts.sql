-- What the operator is told of: rules, of the platform and of single tenants, and what they found.

create table alert_rules (
  -- `low_credits`, or `low_credits:acme` for one tenant.
  id         text primary key,
  kind       text not null check (kind in ('low_credits', 'payment_failed', 'cancellation', 'unusual_usage')),
  -- null: for everybody who has none of their own.
  tenant_id  text references tenants (id),
  enabled    boolean not null,
  settings   jsonb not null,
  email      text[] not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create unique index alert_rules_one on alert_rules (kind, coalesce(tenant_id, ''));

create table alerts (
  id              text primary key,
  tenant_id       text not null references tenants (id),
  kind            text not null,
  -- What it is about: an invoice, a subscription, a meter with a direction, the wallet.
  subject         text not null,
  summary         text not null,
  data            jsonb not null,
  raised_at       timestamptz not null,
  acknowledged_at timestamptz,
  acknowledged_by text,
  resolved_at     timestamptz
);
-- Once a crossing: while it lasts it is the same alert, whoever looks and however often.
create unique index alerts_lasting on alerts (tenant_id, kind, subject) where resolved_at is null;
create index alerts_raised on alerts (raised_at desc, id desc);
create index alerts_tenant on alerts (tenant_id, raised_at desc, id desc);

-- How far the ledger of each wallet has been looked at, and whether its balance has been up to the threshold since it was last told of.
create table alert_wallets (
  tenant_id text primary key references tenants (id),
  seen_seq  bigint not null,
  armed     boolean not null
);

select isolate('alert_rules');
select isolate('alerts');
select isolate('alert_wallets');

do $$
declare
  audited text[];
begin
  foreach audited slice 1 in array array[
    ['alert_rules', 'insert or update or delete', 'alert_rule'],
    ['alerts', 'update', 'alert']
  ] loop
    execute format(
      'create trigger audit after %s on %I for each row when (coalesce(current_setting(''billwright.actor'', true), '''') <> '''') execute function audit_change(%L, ''id'', ''tenant_id'', '''')',
      audited[2], audited[1], audited[3]);
  end loop;
end $$;
