-- People and pages: link tokens for one tenant, the sessions they open; and who changed what.

create table portal_links (
  token_hash bytea primary key,
  tenant_id  text references tenants (id),
  role       text not null check (role in ('platform_admin', 'owner', 'admin', 'member', 'viewer')),
  subject    text,
  return_url text,
  expires_at timestamptz not null,
  used_at    timestamptz,
  created_at timestamptz not null,
  check ((tenant_id is null) = (role = 'platform_admin'))
);
create index portal_links_expires on portal_links (expires_at);

create table sessions (
  id          text primary key,
  secret_hash bytea not null unique,
  tenant_id   text references tenants (id),
  role        text not null check (role in ('platform_admin', 'owner', 'admin', 'member', 'viewer')),
  subject     text,
  expires_at  timestamptz not null,
  ended_at    timestamptz,
  created_at  timestamptz not null,
  check ((tenant_id is null) = (role = 'platform_admin'))
);
create index sessions_expires on sessions (expires_at);

alter table api_keys add column replaced_by text references api_keys (id);

-- One row for each row that somebody changed: what the engine does by itself is told by events and the books.
create table audit_log (
  seq         bigint generated always as identity primary key,
  at          timestamptz not null default clock_timestamp(),
  actor_kind  text not null,
  actor_id    text not null,
  actor_role  text,
  tenant_id   text,
  action      text not null,
  request_id  text,
  ip          text,
  user_agent  text,
  object_type text not null,
  object_id   text not null,
  change      text not null check (change in ('created', 'updated', 'deleted')),
  before      jsonb,
  after       jsonb
);
create index audit_log_tenant on audit_log (tenant_id, seq);
create index audit_log_object on audit_log (object_type, object_id, seq);

-- Arguments: the object's name, its id column, its tenant column ('' for none), then columns that are secret.
create function audit_change() returns trigger language plpgsql as $$
declare
  actor  jsonb := current_setting('billwright.actor')::jsonb;
  old_row jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  new_row jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  known  jsonb := coalesce(new_row, old_row);
  secret text[] := (select coalesce(array_agg(arg), '{}') from unnest(tg_argv[3:]) as arg);
  was    jsonb;
  is_now jsonb;
begin
  select jsonb_object_agg(key, value) into was from jsonb_each(old_row - secret)
    where new_row is null or value is distinct from new_row -> key;
  select jsonb_object_agg(key, value) into is_now from jsonb_each(new_row - secret)
    where old_row is null or value is distinct from old_row -> key;
  if tg_op = 'UPDATE' and was is null and is_now is null then
    return null;
  end if;
  insert into audit_log (actor_kind, actor_id, actor_role, tenant_id, action, request_id, ip, user_agent, object_type, object_id, change, before, after)
  values (actor ->> 'kind', actor ->> 'id', actor ->> 'role', nullif(known ->> tg_argv[2], ''), actor ->> 'action', actor ->> 'request_id',
    actor ->> 'ip', actor ->> 'user_agent', tg_argv[0], known ->> tg_argv[1],
    case tg_op when 'INSERT' then 'created' when 'UPDATE' then 'updated' else 'deleted' end, was, is_now);
  return null;
end $$;

-- What is written stays: only an erasure of personal data may blank what it must, through the function below.
create function audit_log_stays() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and current_setting('billwright.erasing', true) = 'yes' then
    return new;
  end if;
  raise exception 'the audit log is only ever added to' using errcode = 'restrict_violation';
end $$;
create trigger audit_log_stays before update or delete on audit_log for each row execute function audit_log_stays();
create trigger audit_log_stays_whole before truncate on audit_log for each statement execute function audit_log_stays();

create function erase_audit(erased text, types text[]) returns void language plpgsql as $$
begin
  perform set_config('billwright.erasing', 'yes', true);
  update audit_log set before = null, after = null, ip = null, user_agent = null where tenant_id = erased and object_type = any (types);
  perform set_config('billwright.erasing', '', true);
end $$;

do $$
declare
  audited text[];
begin
  foreach audited slice 1 in array array[
    ['tenants', 'tenant', 'id', 'id', ''],
    ['subscriptions', 'subscription', 'id', 'tenant_id', ''],
    ['invoices', 'invoice', 'id', 'tenant_id', 'hosted_token'],
    ['invoice_items', 'invoice_item', 'id', 'tenant_id', ''],
    ['discounts', 'discount', 'id', 'tenant_id', ''],
    ['credit_notes', 'credit_note', 'id', 'tenant_id', ''],
    ['refunds', 'refund', 'id', 'tenant_id', ''],
    ['payment_methods', 'payment_method', 'id', 'tenant_id', 'reference'],
    ['catalog_items', 'catalog_item', 'key', '', ''],
    ['plan_versions', 'plan', 'plan_key', '', ''],
    ['api_keys', 'api_key', 'id', 'tenant_id', 'secret_hash'],
    ['sessions', 'session', 'id', 'tenant_id', 'secret_hash']
  ] loop
    execute format(
      'create trigger audit after insert or update or delete on %I for each row when (coalesce(current_setting(''billwright.actor'', true), '''') <> '''') execute function audit_change(%L, %L, %L, %L)',
      audited[1], audited[2], audited[3], audited[4], audited[5]);
  end loop;
end $$;

do $$
declare
  audited text[];
begin
  foreach audited slice 1 in array array[
    ['credit_grants', 'insert', 'credit_grant', 'id', 'tenant_id', ''],
    ['credit_holds', 'insert', 'credit_hold', 'id', 'tenant_id', ''],
    ['credit_top_ups', 'insert or update or delete', 'credit_top_up', 'tenant_id', 'tenant_id', ''],
    ['entitlement_overrides', 'insert or update or delete', 'entitlement_override', 'feature', 'tenant_id', '']
  ] loop
    execute format(
      'create trigger audit after %s on %I for each row when (coalesce(current_setting(''billwright.actor'', true), '''') <> '''') execute function audit_change(%L, %L, %L, %L)',
      audited[2], audited[1], audited[3], audited[4], audited[5], audited[6]);
  end loop;
end $$;
