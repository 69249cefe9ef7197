-- The queue as the engine sees it: how often a job may fail, what waits and what became of it, and a dead one tried again. The tables of
-- the library stay closed; these functions are the only way to them, and for the platform alone. Its schema comes after the migrations,
-- so nothing here may name it before it is called.

create function enqueue_jobs(names text[], payloads json[], run_ats timestamptz[], keys text[], attempts int[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform graphile_worker.add_jobs(array(
    select row(job.name, job.payload, null, job.run_at, job.attempts, job.key, null, null)::graphile_worker.job_spec
    from unnest(names, payloads, run_ats, keys, attempts) as job (name, payload, run_at, key, attempts)));
end $$;
revoke all on function enqueue_jobs(text[], json[], timestamptz[], text[], int[]) from public;
grant execute on function enqueue_jobs(text[], json[], timestamptz[], text[], int[]) to billwright_app;
