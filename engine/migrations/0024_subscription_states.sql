-- What a subscription was, and since when: the history that recurring revenue is counted from. Written by the database with each change,
-- whoever makes it, so that no write can forget to; a renewal that changes nothing of it writes nothing.
create table subscription_states (
  seq             bigint generated always as identity primary key,
  subscription_id text not null,
  tenant_id       text not null,
  test_clock_id   text,
  -- By the tenant's clock: the start, which may lie before its writing, then the instant of each change.
  at              timestamptz not null,
  status          text not null,
  plan_key        text not null,
  plan_version    integer not null,
  currency        text not null,
  seats           integer not null
);
create index subscription_states_at on subscription_states (at);
create index subscription_states_tenant on subscription_states (tenant_id, at);

create function note_subscription_state() returns trigger language plpgsql as $$
begin
  insert into subscription_states (subscription_id, tenant_id, test_clock_id, at, status, plan_key, plan_version, currency, seats)
  values (new.id, new.tenant_id, new.test_clock_id,
    case when tg_op = 'INSERT' then least(new.started_at, new.created_at)
      when new.ended_at is not null then new.ended_at else new.updated_at end,
    new.status, new.plan_key, new.plan_version, new.currency, new.seats);
  return null;
end $$;
create trigger subscriptions_begun after insert on subscriptions for each row execute function note_subscription_state();
create trigger subscriptions_changed after update of status, plan_key, plan_version, currency, seats on subscriptions for each row
  when ((old.status, old.plan_key, old.plan_version, old.currency, old.seats) is distinct from (new.status, new.plan_key, new.plan_version, new.currency, new.seats))
  execute function note_subscription_state();

-- Of those that are there already, what is known: how they are now, since they began, and when they ended.
insert into subscription_states (subscription_id, tenant_id, test_clock_id, at, status, plan_key, plan_version, currency, seats)
select id, tenant_id, test_clock_id, least(started_at, created_at), case when ended_at is null then status else 'active' end, plan_key, plan_version, currency, seats
from subscriptions order by started_at, id;
insert into subscription_states (subscription_id, tenant_id, test_clock_id, at, status, plan_key, plan_version, currency, seats)
select id, tenant_id, test_clock_id, ended_at, status, plan_key, plan_version, currency, seats from subscriptions where ended_at is not null order by ended_at, id;

select isolate('subscription_states');
-- Only ever added to, and read over the whole of a window: what was sold, what was paid, what was spent.
create index invoices_issued on invoices (issued_at) where issued_at is not null;
create index payments_settled on payments (settled_at) where settled_at is not null;
