-- How the queue does, for /health. Its tables are their library's own, and closed to everybody else.

-- Counted up to a thousand and one, so that a long queue costs no more to be asked about than a short one.
create function queue_state() returns table (waiting integer, oldest_seconds integer)
language plpgsql security definer stable set search_path = public, pg_temp as $$
begin
  return query
  with due as materialized (
    select run_at from graphile_worker.jobs where locked_at is null and attempts < max_attempts and run_at <= now() order by run_at limit 1001
  )
  select count(*)::integer, coalesce(extract(epoch from now() - min(run_at)), 0)::integer from due;
end $$;
revoke all on function queue_state() from public;
grant execute on function queue_state() to billwright_app;
