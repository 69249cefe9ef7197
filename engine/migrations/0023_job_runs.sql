-- What became of jobs, and which days of usage were announced.

-- One row a run, kept for a while: the library forgets a job that is done. No payload: what was asked for is in the job while it is there.
create table job_runs (
  job_id      bigint not null,
  attempt     integer not null,
  name        text not null,
  key         text,
  worker      text,
  -- null: it did what it is for.
  error       text,
  created_at  timestamptz not null,
  started_at  timestamptz not null,
  finished_at timestamptz not null,
  duration_ms integer not null,
  primary key (job_id, attempt)
);
create index job_runs_age on job_runs (finished_at);
alter table job_runs enable row level security;
create policy platform on job_runs to billwright_app using ((select current_setting('billwright.tenant', true)) = '*');
create policy own on job_runs to billwright_app using (false); -- of no tenant's

-- As enqueue_jobs, of one, and its id.
create function enqueue_job(name text, payload json, run_at timestamptz, key text, attempts int) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  return (select job.id from graphile_worker.add_job(
    identifier => name, payload => payload, run_at => run_at, job_key => key, max_attempts => attempts) job);
end $$;

-- Jobs that are there, and those that are done, newest first: what the operator sees. `below`: a page ends where the next begins.
create function read_jobs(wanted bigint, wanted_name text, wanted_state text, below bigint, most integer)
returns table (
  id bigint, name text, state text, key text, payload json, attempts integer, max_attempts integer, last_error text,
  created_at timestamptz, run_at timestamptz, started_at timestamptz, finished_at timestamptz, duration_ms integer, worker text)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  if current_setting('billwright.tenant', true) is distinct from '*' then
    raise exception 'jobs are the platform''s' using errcode = 'insufficient_privilege';
  end if;
  return query
  select j.* from (
    (select p.id, t.identifier, s.state, p.key, p.payload, p.attempts::integer, p.max_attempts::integer, p.last_error,
       p.created_at, p.run_at, case when s.state = 'running' then p.locked_at else r.started_at end, null::timestamptz, r.duration_ms,
       coalesce(p.locked_by, r.worker)
     from graphile_worker._private_jobs p
     join graphile_worker._private_tasks t on t.id = p.task_id
     cross join lateral (select case
       when p.locked_at is not null then 'running'
       when p.attempts >= p.max_attempts then 'dead'
       when p.attempts > 0 then 'failed'
       when p.run_at > now() then 'scheduled'
       else 'queued' end as state) s
     left join lateral (select * from job_runs r where r.job_id = p.id order by r.finished_at desc limit 1) r on true
     where (wanted is null or p.id = wanted) and (wanted_name is null or t.identifier = wanted_name)
       and (wanted_state is null or s.state = wanted_state) and (below is null or p.id < below)
     order by p.id desc limit most)
    union all
    (select r.job_id, r.name, 'succeeded', r.key, null, r.attempt, null, null, r.created_at, null, r.started_at, r.finished_at, r.duration_ms, r.worker
     from job_runs r
     where r.error is null and (wanted is null or r.job_id = wanted) and (wanted_name is null or r.name = wanted_name)
       and (wanted_state is null or wanted_state = 'succeeded') and (below is null or r.job_id < below)
       and not exists (select 1 from graphile_worker._private_jobs p where p.id = r.job_id)
     order by r.job_id desc limit most)
  ) j order by 1 desc limit most;
end $$;

-- A job that failed or is dead, from the start and now. False: it is not there, or runs.
create function retry_job(wanted bigint) returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if current_setting('billwright.tenant', true) is distinct from '*' then
    raise exception 'jobs are the platform''s' using errcode = 'insufficient_privilege';
  end if;
  return exists (select 1 from graphile_worker.reschedule_jobs(array[wanted], run_at => now(), attempts => 0));
end $$;

revoke all on function enqueue_job(text, json, timestamptz, text, int) from public;
revoke all on function read_jobs(bigint, text, text, bigint, integer) from public;
revoke all on function retry_job(bigint) from public;
grant execute on function enqueue_job(text, json, timestamptz, text, int) to billwright_app;
grant execute on function read_jobs(bigint, text, text, bigint, integer) to billwright_app;
grant execute on function retry_job(bigint) to billwright_app;

-- What was announced of a meter and a day of its tenant's: once, and again only where late usage has changed it.
create table usage_days (
  tenant_no integer not null,
  meter_no  integer not null,
  day_start timestamptz not null,
  total     numeric not null,
  primary key (tenant_no, day_start, meter_no)
);
select isolate('usage_days');
