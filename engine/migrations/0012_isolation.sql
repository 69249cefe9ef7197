-- Whose rows are whose, held by the database itself. The engine works as billwright_app, which owns nothing; `billwright.tenant` says
-- for whom: one tenant's id, or * for the platform; nothing, and there is nothing to see. Who owns the tables migrates, repairs, and
-- copies in bulk (COPY knows no policies: the write door checks those rows itself).

do $$
begin
  create role billwright_app nologin;
exception
  when duplicate_object or unique_violation then null; -- roles belong to the server, and another database of it was here first
  when insufficient_privilege then
    raise exception 'the role billwright_app is missing and this user may not create roles: let an administrator run "create role billwright_app nologin; grant billwright_app to %", then start again', current_user;
end $$;

do $$
begin
  execute format('grant billwright_app to %I', session_user);
exception when others then
  -- Already a member, or a superuser's own; whoever is neither cannot take the role on, and the check below says so.
  null;
end $$;

do $$
begin
  if not pg_has_role(session_user, 'billwright_app', 'member') then
    raise exception 'this user is not a member of billwright_app: let an administrator run "grant billwright_app to %", then start again', session_user;
  end if;
  execute format('grant usage on schema public to billwright_app');
end $$;

-- Every table with a tenant in it goes through here, also those of later migrations.
create function isolate(target regclass) returns void language plpgsql as $$
declare
  tenant text := (
    select attname from pg_attribute
    where attrelid = target and not attisdropped and attname = any (array['tenant_id', 'tenant_no'])
    order by attname limit 1);
  own text := case
    when target = 'tenants'::regclass then 'id = (select current_setting(''billwright.tenant'', true))'
    when target = 'idempotency_keys'::regclass then 'scope = (select current_setting(''billwright.tenant'', true))'
    when tenant = 'tenant_id' then 'tenant_id = (select current_setting(''billwright.tenant'', true))'
    when tenant = 'tenant_no' then
      'tenant_no = (select t.no from tenants t where t.id = (select current_setting(''billwright.tenant'', true)))'
  end;
begin
  if own is null then
    raise exception '% has no tenant to isolate by', target;
  end if;
  execute format('alter table %s enable row level security', target);
  -- The setting in a subquery is read once a statement, not once a row.
  execute format('create policy platform on %s to billwright_app using ((select current_setting(''billwright.tenant'', true)) = ''*'')', target);
  execute format('create policy own on %s to billwright_app using (%s)', target, own);
end $$;

grant select, insert, update, delete on all tables in schema public to billwright_app;
grant usage, select on all sequences in schema public to billwright_app;
alter default privileges in schema public grant select, insert, update, delete on tables to billwright_app;
alter default privileges in schema public grant usage, select on sequences to billwright_app;
revoke insert, update, delete on audit_log from billwright_app;
revoke all on schema_migrations from billwright_app;
alter function erase_audit(text, text[]) security definer set search_path = public, pg_temp;
alter function credits_wake_top_up() security definer set search_path = public, pg_temp;
alter function audit_change() security definer set search_path = public, pg_temp;

select isolate('tenants');
select isolate('idempotency_keys');
select isolate(c.oid::regclass)
from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
  and exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = any (array['tenant_id', 'tenant_no']) and not a.attisdropped);

-- The queue's tables are their library's own, and closed to everybody else.
create function enqueue_jobs(names text[], payloads json[], run_ats timestamptz[], keys text[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform graphile_worker.add_jobs(array(
    select row(job.name, job.payload, null, job.run_at, null, job.key, null, null)::graphile_worker.job_spec
    from unnest(names, payloads, run_ats, keys) as job (name, payload, run_at, key)));
end $$;
revoke all on function enqueue_jobs(text[], json[], timestamptz[], text[]) from public;
grant execute on function enqueue_jobs(text[], json[], timestamptz[], text[]) to billwright_app;
revoke all on function erase_audit(text, text[]) from public;
grant execute on function erase_audit(text, text[]) to billwright_app;
