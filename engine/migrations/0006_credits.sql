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
-- Plans are kept from the first call on: without these settings one made for few rows, or for ten thousand, would be the wrong one later.
create function credits_move() returns trigger language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan as $$
declare
  whole boolean;
begin
  with a as materialized (
    select tenant_id, grant_id, from_account, to_account, sum(amount) as amount, max(seq) as seq from added group by 1, 2, 3, 4
  ), w as (
    update credit_wallets w set
      available = w.available + d.available, held = w.held + d.held, consumed = w.consumed + d.consumed,
      expired = w.expired + d.expired, issued = w.issued + d.issued, last_seq = d.seq
    from (
      select tenant_id, max(seq) as seq,
        sum(case 'available' when to_account then amount when from_account then -amount else 0 end) as available,
        sum(case 'held' when to_account then amount when from_account then -amount else 0 end) as held,
        sum(case 'consumed' when to_account then amount when from_account then -amount else 0 end) as consumed,
        sum(case 'expired' when to_account then amount when from_account then -amount else 0 end) as expired,
        sum(case 'issued' when to_account then amount when from_account then -amount else 0 end) as issued
      from a group by tenant_id
    ) d where w.tenant_id = d.tenant_id returning 1
  ), g as (
    update credit_grants g set
      remaining = g.remaining + d.remaining, held = g.held + d.held, open = g.remaining + d.remaining + g.held + d.held > 0
    from (
      select grant_id, tenant_id,
        sum(case 'available' when to_account then amount when from_account then -amount else 0 end) as remaining,
        sum(case 'held' when to_account then amount when from_account then -amount else 0 end) as held
      from a where grant_id is not null group by grant_id, tenant_id
    ) d where g.id = d.grant_id and g.tenant_id = d.tenant_id returning 1
  )
  select (select count(*) from w) = (select count(distinct tenant_id) from a)
    and (select count(*) from g) = (select count(distinct (grant_id, tenant_id)) from a where grant_id is not null) into whole;
  if not whole then
    raise exception 'a transfer names a wallet or a grant that is not there' using errcode = 'foreign_key_violation';
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

-- Decides for many wallets and many requests, in order, each with its own outcome: all or nothing by the burn order (billing/credits/burn.ts
-- is the same rule), once a key. The tenants are in the order of their ids (C). Requests stand together by wallet (p_wallet is the place in
-- p_tenants), in the order in which they came.
-- With a threshold it wakes nothing: it appends credits.consumed itself, and defers wallets where more is to be done (the balance crosses
-- the threshold, a hold is past its time) to a write that does so. p_by_plan: what it costs on some plans instead; null: switched off.
-- Answers a row a leg of what was consumed, and a row for each other outcome.
create function credits_consume(
  p_tenants text[], p_nows timestamptz[], p_events text[],
  p_wallet int[], p_ids text[], p_amounts numeric[], p_partial boolean[], p_by_plan jsonb[], p_names text[], p_quantities numeric[],
  p_keys text[], p_fingerprints uuid[], p_default_plan text, p_threshold numeric
) returns table (id text, outcome text, amount numeric, balance numeric, grant_id text)
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  -- By wallet. w_grant is the grant that pays for everything that is asked of it now, where there is nothing to decide.
  w_total numeric[]; w_held numeric[]; w_seq bigint[]; w_plan text[]; w_low boolean[]; w_sum numeric[]; w_grant text[];
  -- The wallets whose requests are decided one by one, and their grants in burn order.
  hard int[]; g_wallet int[]; g_id text[]; g_left numeric[];
  -- By request: what its key stands for.
  known uuid[];
  -- Outcomes that are not in the ledger.
  o_request int[] := '{}'; o_outcome text[] := '{}'; o_amount numeric[] := '{}'; o_balance numeric[] := '{}';
  -- By leg to be written.
  x_request int[] := '{}'; x_seq bigint[] := '{}'; x_leg int[] := '{}'; x_amount numeric[] := '{}'; x_grant text[] := '{}';
  x_balance numeric[] := '{}'; x_required numeric[] := '{}';
  -- By event to be appended.
  e_wallet int[] := '{}'; e_count int[] := '{}'; e_amount numeric[] := '{}'; e_balance numeric[] := '{}';
  k int; g int; x int := 0; o int := 0; x_mark int; o_mark int; r int; first int; leg int; done int;
  total numeric; spendable numeric; need numeric; part numeric; missing numeric; spent numeric; seq bigint; plan text; word text; later boolean;
begin
  for attempt in 1..2 loop
    select array_agg(l.available + l.held), array_agg(l.held), array_agg(l.last_seq), array_agg(l.plan_key), array_agg(l.is_low)
    into w_total, w_held, w_seq, w_plan, w_low
    from (select * from credit_wallets where tenant_id = any (p_tenants) order by tenant_id collate "C" for update) l;
    exit when cardinality(w_total) = cardinality(p_tenants);
    insert into credit_wallets (tenant_id) select unnest(p_tenants) on conflict do nothing;
  end loop;

  -- Each of these sees what was committed before the locks were taken.
  if p_keys is not null then
    select array_agg(k.fingerprint) into known from (
      select (select t.fingerprint from credit_transfers t
        where t.tenant_id = p_tenants[r.wallet] and t.idempotency_key = r.key and t.leg = 1) as fingerprint
      from unnest(p_wallet, p_keys) with ordinality as r (wallet, key, no) order by r.no
    ) k;
  end if;
  -- What is asked of each wallet together; null where more than amounts has to be looked at.
  select array_agg(s.sum) into w_sum from (
    select case when bool_and(r.amount > 0 and r.by_plan is null and r.fingerprint is null) then sum(r.amount) end as sum
    from unnest(p_wallet, p_amounts, p_by_plan, known) as r (wallet, amount, by_plan, fingerprint) group by r.wallet order by r.wallet
  ) s;
  -- In the most common case the first grant has enough for all of it.
  select array_agg(case when d.simple then d.grant_id end), array_agg(d.no) filter (where d.simple is not true) into w_grant, hard from (
    select i.no::int, c.ids[1] as grant_id, w_sum[i.no] <= c.amounts[1]
      and (p_threshold is null or w_held[i.no] = 0 and case when w_low[i.no] then c.sum < p_threshold else c.sum - w_sum[i.no] >= p_threshold end) as simple
    from unnest(p_tenants, p_nows) with ordinality as i (tenant_id, now, no)
    left join lateral (
      select array_agg(f.id) as ids, array_agg(f.remaining) as amounts, sum(f.remaining) as sum from (
        select c.id, c.remaining from credit_grants c
        where c.tenant_id = i.tenant_id and c.open and c.remaining > 0 and c.effective_at <= i.now and (c.expires_at is null or c.expires_at > i.now)
        order by c.priority, date_trunc('second', c.expires_at) nulls last, c.created_at, c.id collate "C"
      ) f
    ) c on true
    order by i.no
  ) d;
  if hard is not null then
    select array_agg(a.no), array_agg(a.id), array_agg(a.remaining) into g_wallet, g_id, g_left from (
      select i.no, c.id, c.remaining from unnest(hard) as i (no) join credit_grants c on c.tenant_id = p_tenants[i.no]
      where c.open and c.remaining > 0 and c.effective_at <= p_nows[i.no] and (c.expires_at is null or c.expires_at > p_nows[i.no])
      order by i.no, c.priority, date_trunc('second', c.expires_at) nulls last, c.created_at, c.id collate "C"
    ) a;
  end if;

  foreach k in array coalesce(hard, '{}') loop
    g := array_position(g_wallet, k);
    spendable := coalesce((select sum(l.amount) from unnest(g_left, g_wallet) as l (amount, wallet) where l.wallet = k), 0);
    total := w_total[k]; seq := w_seq[k]; plan := coalesce(w_plan[k], p_default_plan);
    first := array_position(p_wallet, k); r := first; spent := 0; done := 0; x_mark := x; o_mark := o;
    later := p_threshold is not null and w_low[k] and spendable >= p_threshold;
    if not later and p_threshold is not null and w_held[k] > 0 then
      later := exists (select from credit_holds h where h.tenant_id = p_tenants[k] and h.status = 'open' and h.expires_at <= p_nows[k]);
    end if;
    if not later then
      while p_wallet[r] = k loop
        word := null;
        need := case when p_by_plan[r] ? plan then (p_by_plan[r] ->> plan)::numeric else p_amounts[r] end;
        if need > spendable and p_partial[r] then
          need := spendable;
        end if;
        if known[r] is not null then
          word := case when known[r] = p_fingerprints[r] then 'known' else 'reused' end;
        elsif need is null then
          word := 'inactive';
        elsif need > spendable and p_keys[r] is null then
          word := 'insufficient';
        elsif need > spendable then
          seq := seq + 1; x := x + 1;
          x_request[x] := r; x_seq[x] := seq; x_leg[x] := 1; x_amount[x] := 0; x_grant[x] := null; x_balance[x] := spendable; x_required[x] := need;
        else
          seq := seq + 1; leg := 0; missing := need; done := done + 1;
          loop
            part := least(missing, g_left[g]);
            missing := missing - part; total := total - part; leg := leg + 1; x := x + 1;
            x_request[x] := r; x_seq[x] := seq; x_leg[x] := leg; x_amount[x] := part; x_balance[x] := total; x_required[x] := null;
            x_grant[x] := case when part > 0 then g_id[g] end;
            if part > 0 then
              g_left[g] := g_left[g] - part;
              if g_left[g] = 0 then
                g := g + 1;
              end if;
            end if;
            exit when missing = 0;
          end loop;
          spendable := spendable - need; spent := spent + need;
        end if;
        if word is not null then
          o := o + 1;
          o_request[o] := r; o_outcome[o] := word;
          o_amount[o] := case word when 'insufficient' then need end; o_balance[o] := case word when 'insufficient' then spendable end;
        end if;
        r := r + 1;
      end loop;
    end if;
    if later or p_threshold is not null and not w_low[k] and spendable < p_threshold then
      x := x_mark; o := o_mark; r := first;
      while p_wallet[r] = k loop
        o := o + 1;
        o_request[o] := r; o_outcome[o] := 'later'; o_amount[o] := null; o_balance[o] := null;
        r := r + 1;
      end loop;
    elsif done > 0 then
      e_wallet := e_wallet || k; e_count := e_count || done; e_amount := e_amount || spent; e_balance := e_balance || total;
    end if;
  end loop;

  if coalesce(cardinality(hard), 0) < cardinality(p_tenants) then
    return query insert into credit_transfers (tenant_id, seq, leg, id, type, from_account, to_account, amount, grant_id, balance_after,
      event_name, quantity, idempotency_key, fingerprint, at)
    select p_tenants[r.wallet], w_seq[r.wallet] + row_number() over w, 1, r.id, 'consumed', 'available', 'consumed', r.amount, w_grant[r.wallet],
      w_total[r.wallet] - sum(r.amount) over w, r.name, r.quantity, r.key, r.fingerprint, p_nows[r.wallet]
    from unnest(p_wallet, p_ids, p_amounts, p_names, p_quantities, p_keys, p_fingerprints)
      with ordinality as r (wallet, id, amount, name, quantity, key, fingerprint, no)
    where w_grant[r.wallet] is not null
    window w as (partition by r.wallet order by r.no rows unbounded preceding)
    returning id, 'consumed', amount, balance_after, grant_id;
  end if;
  if x > 0 then
    return query insert into credit_transfers (tenant_id, seq, leg, id, type, from_account, to_account, amount, grant_id, balance_after, required,
      event_name, quantity, idempotency_key, fingerprint, at)
    select p_tenants[w], l.seq, l.leg, p_ids[l.request], case when l.required is null then 'consumed' else 'refused' end,
      case when l.amount > 0 then 'available' end, case when l.amount > 0 then 'consumed' end, l.amount, l.grant_id, l.balance, l.required,
      p_names[l.request], p_quantities[l.request], p_keys[l.request], p_fingerprints[l.request], p_nows[w]
    from unnest(x_request[1:x], x_seq[1:x], x_leg[1:x], x_amount[1:x], x_grant[1:x], x_balance[1:x], x_required[1:x])
      as l (request, seq, leg, amount, grant_id, balance, required), lateral (select p_wallet[l.request] as w) as place
    returning id, case when required is null then 'consumed' else 'insufficient' end, coalesce(required, amount), balance_after, grant_id;
  end if;
  if p_events is not null then
    insert into billing_events (id, tenant_id, type, subject, summary, data, source, occurred_at)
    select p_events[e.wallet], p_tenants[e.wallet], 'credits.consumed', null,
      format('%s credits were consumed (%s times).', trim_scale(e.amount), e.count),
      json_build_object('amount', trim_scale(e.amount), 'count', e.count, 'balance_after', trim_scale(e.balance)), 'api', p_nows[e.wallet]
    from (
      select * from unnest(e_wallet, e_count, e_amount, e_balance)
      union all
      select r.wallet, count(*), sum(r.amount), w_total[r.wallet] - sum(r.amount) from unnest(p_wallet, p_amounts) as r (wallet, amount)
      where w_grant[r.wallet] is not null group by r.wallet
    ) as e (wallet, count, amount, balance);
  end if;
  if o > 0 then
    return query select p_ids[l.request], l.outcome, l.amount, l.balance, null::text
    from unnest(o_request[1:o], o_outcome[1:o], o_amount[1:o], o_balance[1:o]) as l (request, outcome, amount, balance);
  end if;
end $$;

-- Who has a subscription already is on its plan.
insert into credit_wallets (tenant_id, plan_key)
select tenant_id, plan_key from subscriptions where status not in ('canceled', 'expired');
