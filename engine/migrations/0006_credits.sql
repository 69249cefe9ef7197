-- Credits: a ledger of double-entry transfers that are only ever added. Balances move by the transfers alone (credits_move), and the
-- checks of the tables refuse what no ledger may be, whatever program writes.

-- A tenant's five accounts. Credits come from `issued`, which is as far below zero as the others are above it together.
create table credit_wallets (
  tenant_id text primary key references tenants (id),
  available numeric not null default 0 check (available >= 0),
  held      numeric not null default 0 check (held >= 0),
  consumed  numeric not null default 0 check (consumed >= 0),
  expired   numeric not null default 0 check (expired >= 0),
  issued    numeric not null default 0 check (issued <= 0),
  -- The number of its last transaction.
  last_seq  bigint not null default 0,
  -- Whose costs hold for the tenant; null: the default plan's.
  plan_key  text,
  -- Below the threshold, and said so; also before it was ever above. Only a wallet that is not low can become so.
  is_low    boolean not null default true,
  constraint credit_wallets_sum check (available + held + consumed + expired + issued = 0)
) with (fillfactor = 50);

create table credit_grants (
  id           text primary key,
  tenant_id    text not null references credit_wallets (tenant_id),
  amount       numeric not null check (amount > 0),
  -- What is left to spend, and what holds have reserved of it.
  remaining    numeric not null default 0 check (remaining >= 0),
  held         numeric not null default 0 check (held >= 0),
  source       text not null check (source in ('purchase', 'plan', 'promotion', 'adjustment')),
  priority     smallint not null check (priority between 0 and 255),
  effective_at timestamptz not null,
  expires_at   timestamptz,
  created_at   timestamptz not null,
  reason       text,
  -- What it was granted for: a subscription, a payment, …
  reference    text,
  -- Of a gift: the grant that it was a part of.
  parent_id    text,
  -- Something is left or held. An index on `remaining` itself would be written with each consumption.
  open         boolean not null default true,
  -- credits.expiring was said.
  warned       boolean not null default false,
  constraint credit_grants_within check (remaining + held <= amount)
) with (fillfactor = 50);
create index credit_grants_tenant on credit_grants (tenant_id, created_at desc, id desc);
create index credit_grants_open on credit_grants (tenant_id) where open;
create index credit_grants_expiring on credit_grants (expires_at) where open and expires_at is not null;
create index credit_grants_reference on credit_grants (tenant_id, reference) where reference is not null;

create table credit_holds (
  id         text primary key,
  tenant_id  text not null references credit_wallets (tenant_id),
  amount     numeric not null check (amount > 0),
  captured   numeric not null default 0,
  status     text not null check (status in ('open', 'captured', 'released', 'expired')),
  expires_at timestamptz,
  created_at timestamptz not null,
  closed_at  timestamptz,
  check (captured between 0 and amount),
  check ((status = 'open') = (closed_at is null))
);
create index credit_holds_open on credit_holds (tenant_id) where status = 'open';
create index credit_holds_due on credit_holds (expires_at) where status = 'open' and expires_at is not null;

-- The ledger. A transaction is numbered within its wallet, without gaps, and has a leg for each grant that it touches.
create table credit_transfers (
  tenant_id       text not null,
  seq             bigint not null,
  leg             smallint not null,
  id              text not null,
  type            text not null check (type in ('granted', 'consumed', 'expired', 'held', 'released', 'transferred', 'refunded', 'refused')),
  from_account    text check (from_account in ('available', 'held', 'consumed', 'expired', 'issued')),
  to_account      text check (to_account in ('available', 'held', 'consumed', 'expired', 'issued')),
  amount          numeric not null check (amount >= 0),
  grant_id        text,
  hold_id         text,
  -- Available and held together, after this leg.
  balance_after   numeric not null,
  -- Of a refusal: what was asked for; balance_after is what could be spent.
  required        numeric,
  event_name      text,
  quantity        numeric,
  -- The caller's, once a tenant, for ever; the fingerprint is a hash of what was asked under it.
  idempotency_key text,
  fingerprint     uuid,
  -- The engine's own name of what it does once: a payment granted, a refund taken back.
  origin          text,
  reason          text,
  at              timestamptz not null,
  primary key (tenant_id, seq, leg),
  -- Only a refusal, and something that costs nothing, moves nothing.
  check (case when amount = 0 then type in ('refused', 'consumed') and from_account is null and to_account is null and grant_id is null
    else from_account is not null and to_account is not null and from_account <> to_account and grant_id is not null end),
  check ((type = 'refused') = (required is not null) and (type <> 'refused' or amount = 0))
);
create unique index credit_transfers_key on credit_transfers (tenant_id, idempotency_key) where leg = 1 and idempotency_key is not null;
create unique index credit_transfers_origin on credit_transfers (tenant_id, origin) where leg = 1 and origin is not null;
create index credit_transfers_hold on credit_transfers (hold_id) where hold_id is not null;

-- The one writer of balances: what was added to the ledger moves its wallets and grants. Whoever adds has locked the wallets, in the
-- order of tenant_id (C), so that no two wait for each other in a ring.
create function credits_move() returns trigger language plpgsql as $$
declare
  wanted bigint;
  moved  bigint;
begin
  update credit_wallets w set
    available = w.available + d.available, held = w.held + d.held, consumed = w.consumed + d.consumed,
    expired = w.expired + d.expired, issued = w.issued + d.issued, last_seq = d.last_seq
  from (
    select tenant_id, max(seq) as last_seq,
      sum(case when to_account = 'available' then amount when from_account = 'available' then -amount else 0 end) as available,
      sum(case when to_account = 'held' then amount when from_account = 'held' then -amount else 0 end) as held,
      sum(case when to_account = 'consumed' then amount when from_account = 'consumed' then -amount else 0 end) as consumed,
      sum(case when to_account = 'expired' then amount when from_account = 'expired' then -amount else 0 end) as expired,
      sum(case when to_account = 'issued' then amount when from_account = 'issued' then -amount else 0 end) as issued
    from added group by tenant_id
  ) d where w.tenant_id = d.tenant_id;
  get diagnostics moved = row_count;
  select count(distinct tenant_id) into wanted from added;
  if moved <> wanted then
    raise exception 'a transfer names a wallet that is not there' using errcode = 'foreign_key_violation';
  end if;
  update credit_grants g set
    remaining = g.remaining + d.remaining, held = g.held + d.held, open = g.remaining + d.remaining + g.held + d.held > 0
  from (
    select grant_id, tenant_id,
      sum(case when to_account = 'available' then amount when from_account = 'available' then -amount else 0 end) as remaining,
      sum(case when to_account = 'held' then amount when from_account = 'held' then -amount else 0 end) as held
    from added where grant_id is not null group by grant_id, tenant_id
  ) d where g.id = d.grant_id and g.tenant_id = d.tenant_id;
  get diagnostics moved = row_count;
  select count(distinct (grant_id, tenant_id)) into wanted from added where grant_id is not null;
  if moved <> wanted then
    raise exception 'a transfer names a grant that is not there' using errcode = 'foreign_key_violation';
  end if;
  return null;
end $$;
create trigger credit_transfers_move after insert on credit_transfers
  referencing new table as added for each statement execute function credits_move();

create function credits_refuse() returns trigger language plpgsql as $$
begin
  raise exception '%', tg_argv[0] using errcode = 'restrict_violation';
end $$;
create trigger credit_transfers_append_only before update or delete or truncate on credit_transfers
  for each statement execute function credits_refuse('the ledger of credits is only ever added to');
create trigger credit_wallets_by_transfers before update on credit_wallets for each row
  when (pg_trigger_depth() = 0 and (old.available, old.held, old.consumed, old.expired, old.issued, old.last_seq)
    is distinct from (new.available, new.held, new.consumed, new.expired, new.issued, new.last_seq))
  execute function credits_refuse('balances move by transfers alone');
create trigger credit_wallets_empty before insert on credit_wallets for each row
  when (new.last_seq <> 0 or new.available <> 0 or new.held <> 0 or new.consumed <> 0 or new.expired <> 0 or new.issued <> 0)
  execute function credits_refuse('a wallet begins empty');
create trigger credit_wallets_stay before delete or truncate on credit_wallets
  for each statement execute function credits_refuse('a wallet is never removed');
create trigger credit_grants_by_transfers before update on credit_grants for each row
  when (pg_trigger_depth() = 0 and (old.amount, old.remaining, old.held, old.open, old.tenant_id)
    is distinct from (new.amount, new.remaining, new.held, new.open, new.tenant_id))
  execute function credits_refuse('what is left of a grant moves by transfers alone');
create trigger credit_grants_empty before insert on credit_grants for each row
  when (new.remaining <> 0 or new.held <> 0)
  execute function credits_refuse('a grant is filled by a transfer');
create trigger credit_grants_stay before delete or truncate on credit_grants
  for each statement execute function credits_refuse('a grant is never removed');
