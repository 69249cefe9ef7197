-- The grant that a wallet burns now stands in the wallet (decision 0035): a consumption that it pays for moves one row instead of two, and
-- looks nothing up.

-- burning_left is what is left of that grant; what its own row says is from before. burning_rest is what the wallet's other grants have
-- that can be spent; that, and that this grant comes first, is true from burning_from until burning_until.
alter table credit_wallets
  add column burning text,
  add column burning_left numeric not null default 0,
  add column burning_rest numeric not null default 0,
  add column burning_from timestamptz not null default '-infinity',
  add column burning_until timestamptz not null default 'infinity',
  drop constraint credit_wallets_available_check,
  add constraint credit_wallets_available_check check (least(available, held, consumed, expired, burning_left) >= 0);

-- The grants as they are. Whoever asks what is left of one asks here.
create view credit_grants_now with (security_invoker = true) as
select g.id, g.tenant_id, g.amount, case when w.burning = g.id then w.burning_left else g.remaining end as remaining, g.held, g.source, g.priority,
  g.effective_at, g.expires_at, g.created_at, g.reason, g.reference, g.parent_id,
  g.open and case when w.burning = g.id then w.burning_left + g.held > 0 else true end as open, g.warned
from credit_grants g join credit_wallets w on w.tenant_id = g.tenant_id;

-- What is left goes back into the grant's own row. Only triggers may: what is left of a grant moves by transfers alone.
create function credits_put_back(p_tenants text[]) returns void language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan as $$
begin
  update credit_grants g set remaining = b.burning_left, open = b.burning_left + g.held > 0
  from (select w.tenant_id, w.burning, w.burning_left from credit_wallets w where w.tenant_id = any (p_tenants) and w.burning is not null offset 0) b
  where g.id = b.burning and g.tenant_id = b.tenant_id;
  update credit_wallets set burning = null, burning_left = 0, burning_rest = 0 where tenant_id = any (p_tenants) and burning is not null;
end $$;
revoke all on function credits_put_back from public;
grant execute on function credits_put_back to billwright_app;

-- When the order of grants changes otherwise than by the ledger.
create function credits_reorder() returns trigger language plpgsql as $$
begin
  perform credits_put_back(array[new.tenant_id]);
  return null;
end $$;
create trigger credit_grants_reorder after update of priority, effective_at, expires_at on credit_grants
  for each row execute function credits_reorder();

-- The one writer of balances, as before: what was added to the ledger moves its wallets and grants. What was added is read once. Most often
-- each wallet consumed of the grant that it burns, and nothing else is to be moved; before anything else what is left of it goes back.
create or replace function credits_move() returns trigger language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan as $$
declare
  a_tenant text[]; a_grant text[]; a_giver credit_account[]; a_taker credit_account[]; a_amount numeric[]; a_seq bigint[];
  wallets int := 1; grants int; moved int;
begin
  select array_agg(a.tenant_id), array_agg(a.grant_id), array_agg(a.from_account), array_agg(a.to_account), array_agg(a.amount),
    array_agg(a.seq), count(a.grant_id)
  into a_tenant, a_grant, a_giver, a_taker, a_amount, a_seq, grants
  from (
    select tenant_id, grant_id, from_account, to_account, sum(amount) as amount, max(seq) as seq from added group by 1, 2, 3, 4
  ) a;
  if a_tenant is null then
    return null;
  end if;
  if cardinality(a_tenant) > 1 then
    select count(distinct a.tenant_id) into wallets from unnest(a_tenant) as a (tenant_id);
  end if;
  if wallets = grants and wallets = cardinality(a_tenant) and 'available' = all (a_giver) and 'consumed' = all (a_taker) then
    update credit_wallets w set
      available = w.available - d.amount, consumed = w.consumed + d.amount, burning_left = w.burning_left - d.amount, last_seq = d.seq
    from unnest(a_tenant, a_grant, a_amount, a_seq) as d (tenant_id, grant_id, amount, seq)
    where w.tenant_id = d.tenant_id and w.burning = d.grant_id;
    get diagnostics moved = row_count;
    if moved = wallets then
      return null;
    elsif moved > 0 then
      -- Those whose last transaction is none of these are still to be moved.
      select array_agg(d.tenant_id), array_agg(d.grant_id), array_agg(d.giver), array_agg(d.taker), array_agg(d.amount), array_agg(d.seq), count(*), count(*)
      into a_tenant, a_grant, a_giver, a_taker, a_amount, a_seq, wallets, grants
      from unnest(a_tenant, a_grant, a_giver, a_taker, a_amount, a_seq) as d (tenant_id, grant_id, giver, taker, amount, seq)
      where not exists (select from credit_wallets w where w.tenant_id = d.tenant_id and w.last_seq = d.seq);
    end if;
  end if;
  if grants > 0 and exists (select from credit_wallets w where w.tenant_id = any (a_tenant) and w.burning is not null) then
    perform credits_put_back(a_tenant);
  end if;
  if wallets = cardinality(a_tenant) then
    update credit_wallets w set
      available = w.available + case when d.taker = 'available' then d.amount when d.giver = 'available' then -d.amount else 0 end,
      held = w.held + case when d.taker = 'held' then d.amount when d.giver = 'held' then -d.amount else 0 end,
      consumed = w.consumed + case when d.taker = 'consumed' then d.amount when d.giver = 'consumed' then -d.amount else 0 end,
      expired = w.expired + case when d.taker = 'expired' then d.amount when d.giver = 'expired' then -d.amount else 0 end,
      issued = w.issued + case when d.taker = 'issued' then d.amount when d.giver = 'issued' then -d.amount else 0 end,
      last_seq = d.seq
    from unnest(a_tenant, a_giver, a_taker, a_amount, a_seq) as d (tenant_id, giver, taker, amount, seq) where w.tenant_id = d.tenant_id;
    get diagnostics moved = row_count;
    if moved = wallets and grants > 0 then
      update credit_grants g set
        remaining = g.remaining + d.remaining, held = g.held + d.held, open = g.remaining + d.remaining + g.held + d.held > 0
      from (
        select d.tenant_id, d.grant_id,
          case when d.taker = 'available' then d.amount when d.giver = 'available' then -d.amount else 0 end as remaining,
          case when d.taker = 'held' then d.amount when d.giver = 'held' then -d.amount else 0 end as held
        from unnest(a_tenant, a_grant, a_giver, a_taker, a_amount) as d (tenant_id, grant_id, giver, taker, amount)
      ) d where g.id = d.grant_id and g.tenant_id = d.tenant_id;
      get diagnostics moved = row_count;
      moved := wallets + moved - grants;
    end if;
  else
    update credit_wallets w set
      available = w.available + d.available, held = w.held + d.held, consumed = w.consumed + d.consumed,
      expired = w.expired + d.expired, issued = w.issued + d.issued, last_seq = d.seq
    from (
      select d.tenant_id, max(d.seq) as seq,
        sum(case when d.taker = 'available' then d.amount when d.giver = 'available' then -d.amount else 0 end) as available,
        sum(case when d.taker = 'held' then d.amount when d.giver = 'held' then -d.amount else 0 end) as held,
        sum(case when d.taker = 'consumed' then d.amount when d.giver = 'consumed' then -d.amount else 0 end) as consumed,
        sum(case when d.taker = 'expired' then d.amount when d.giver = 'expired' then -d.amount else 0 end) as expired,
        sum(case when d.taker = 'issued' then d.amount when d.giver = 'issued' then -d.amount else 0 end) as issued
      from unnest(a_tenant, a_giver, a_taker, a_amount, a_seq) as d (tenant_id, giver, taker, amount, seq) group by d.tenant_id
    ) d where w.tenant_id = d.tenant_id;
    get diagnostics moved = row_count;
    if moved = wallets then
      select count(*) into grants from (select distinct d.tenant_id, d.grant_id from unnest(a_tenant, a_grant) as d (tenant_id, grant_id)) d where d.grant_id is not null;
      update credit_grants g set
        remaining = g.remaining + d.remaining, held = g.held + d.held, open = g.remaining + d.remaining + g.held + d.held > 0
      from (
        select d.tenant_id, d.grant_id,
          sum(case when d.taker = 'available' then d.amount when d.giver = 'available' then -d.amount else 0 end) as remaining,
          sum(case when d.taker = 'held' then d.amount when d.giver = 'held' then -d.amount else 0 end) as held
        from unnest(a_tenant, a_grant, a_giver, a_taker, a_amount) as d (tenant_id, grant_id, giver, taker, amount)
        where d.grant_id is not null group by d.tenant_id, d.grant_id
      ) d where g.id = d.grant_id and g.tenant_id = d.tenant_id;
      get diagnostics moved = row_count;
      moved := wallets + moved - grants;
    end if;
  end if;
  if moved <> wallets then
    raise exception 'a transfer names a wallet or a grant that is not there' using errcode = 'foreign_key_violation';
  end if;
  return null;
end $$;


-- Decides for many wallets and many requests, in order, each with its own outcome: all or nothing by the burn order
-- (billing/credits/burn.ts is the same rule), once a key. The tenants are in the order of their ids (C). Requests stand together by
-- wallet (p_wallet is the place in p_tenants), in the order in which they came; p_sums is what a wallet is asked for together, null
-- where there is more to look at than amounts above zero, p_nth and p_running number and add up its requests.
-- With a threshold it wakes nothing: it appends credits.consumed itself, and defers wallets where more is to be done (the balance
-- crosses the threshold, a hold is past its time) to a write that does so. p_by_plan: what it costs on some plans instead; null:
-- switched off. Wallets whose first grant pays for all that is asked of them are one row together ("paid"): their balances before, and
-- those grants, with commas between; a grant is missing where it is not so. Otherwise a row a leg of what was consumed, and a row for
-- each other outcome.
-- Keys are looked up before only where p_look says so or requests are decided one by one; else the ledger's own index refuses one that
-- was used, and with it the statement, which the caller then repeats with p_look. It works as the owner of the tables, for whom it asks
-- the tenant's confinement once, instead of the policies once a row.
drop function credits_consume;
create function credits_consume(
  p_tenants text[], p_nows timestamptz[], p_events text[], p_sums numeric[], p_counts int[],
  p_wallet int[], p_nth int[], p_running numeric[], p_ids text[], p_amounts numeric[], p_partial boolean[], p_by_plan jsonb[],
  p_names text[], p_quantities numeric[], p_keys text[], p_fingerprints uuid[], p_default_plan text, p_threshold numeric, p_look boolean
) returns table (place int, outcome text, amount text, balance text, grant_id text)
language plpgsql security definer set search_path = public, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  own constant text := coalesce(current_setting('billwright.tenant', true), '');
  -- By wallet. w_grant is the grant that pays for everything that is asked of it now, where there is nothing to decide.
  w_total numeric[]; w_held numeric[]; w_seq bigint[]; w_plan text[]; w_low boolean[]; w_grant text[];
  w_burns boolean[];
  -- The wallets whose requests are decided one by one, and their grants in burn order.
  hard int[]; g_wallet int[]; g_id text[]; g_left numeric[];
  -- By request: what its key stands for.
  known uuid[]; found int[]; prints uuid[];
  -- Outcomes that are not in the ledger.
  o_request int[] := '{}'; o_outcome text[] := '{}'; o_amount numeric[] := '{}'; o_balance numeric[] := '{}';
  -- By leg to be written.
  x_request int[] := '{}'; x_seq bigint[] := '{}'; x_leg int[] := '{}'; x_amount numeric[] := '{}'; x_grant text[] := '{}';
  x_balance numeric[] := '{}'; x_required numeric[] := '{}';
  -- By event to be appended.
  e_wallet int[] := '{}'; e_count int[] := '{}'; e_amount numeric[] := '{}'; e_balance numeric[] := '{}';
  k int; g int; x int := 0; o int := 0; x_mark int; o_mark int; r int; first int; leg int; done int; b record;
  total numeric; spendable numeric; need numeric; part numeric; missing numeric; spent numeric; seq bigint; plan text; word text; later boolean;
begin
  if own <> '*' and (own = '' or p_tenants <> array[own]) then
    raise exception 'these wallets are not the tenant''s own' using errcode = 'insufficient_privilege';
  end if;
  for attempt in 1..2 loop
    select array_agg(l.total), array_agg(l.held), array_agg(l.last_seq), array_agg(l.plan_key), array_agg(l.is_low), array_agg(l.burning is not null),
      array_agg(case when l.paid then l.burning end), array_agg(l.no) filter (where l.paid is not true)
    into w_total, w_held, w_seq, w_plan, w_low, w_burns, w_grant, hard
    from (
      select w.available + w.held as total, w.held, w.last_seq, w.plan_key, w.is_low, w.burning, i.no::int as no,
        w.burning_left >= i.asked and w.burning_from <= i.now and w.burning_until > i.now
          and (p_threshold is null or w.held = 0 and case when w.is_low then w.burning_left + w.burning_rest < p_threshold
            else w.burning_left + w.burning_rest - i.asked >= p_threshold end) as paid
      from unnest(p_tenants, p_sums, p_nows) with ordinality as i (tenant_id, asked, now, no)
      join credit_wallets w on w.tenant_id = i.tenant_id order by i.no for update of w
    ) l;
    exit when cardinality(w_total) = cardinality(p_tenants);
    insert into credit_wallets (tenant_id) select unnest(p_tenants) on conflict do nothing;
  end loop;

  -- Each of these sees what was committed before the locks were taken. A wallet that burns nothing yet takes its first grant, where that
  -- pays for all that is asked of it.
  if hard is not null then
    for b in
      update credit_wallets w set
        burning = f.id, burning_left = f.remaining, burning_rest = f.sum - f.remaining,
        burning_from = coalesce(f.since, '-infinity'), burning_until = coalesce(f.until, 'infinity')
      from (
        select i.no, p_tenants[i.no] as tenant_id, f.* from unnest(hard) as i (no) cross join lateral (
          select (array_agg(c.id order by c.priority, c.expiry nulls last, c.created_at, c.id collate "C") filter (where c.active))[1] as id,
            (array_agg(c.remaining order by c.priority, c.expiry nulls last, c.created_at, c.id collate "C") filter (where c.active))[1] as remaining,
            sum(c.remaining) filter (where c.active) as sum,
            greatest(max(c.effective_at) filter (where c.effective_at <= c.now), max(c.expires_at) filter (where c.expires_at <= c.now)) as since,
            least(min(c.effective_at) filter (where c.effective_at > c.now), min(c.expires_at) filter (where c.expires_at > c.now)) as until
          from (
            select c.*, date_trunc('second', c.expires_at) as expiry, p_nows[i.no] as now,
              c.effective_at <= p_nows[i.no] and (c.expires_at is null or c.expires_at > p_nows[i.no]) as active
            from credit_grants c where c.tenant_id = p_tenants[i.no] and c.open and c.remaining > 0
          ) c
        ) f
        where not w_burns[i.no] and p_sums[i.no] is not null and p_sums[i.no] <= f.remaining
          and (p_threshold is null or w_held[i.no] = 0 and case when w_low[i.no] then f.sum < p_threshold else f.sum - p_sums[i.no] >= p_threshold end)
        offset 0
      ) f
      where w.tenant_id = f.tenant_id returning f.no, f.id
    loop
      w_grant[b.no] := b.id;
    end loop;
    select array_agg(w.no::int order by w.no) into hard from unnest(w_grant) with ordinality as w (id, no) where w.id is null;
  end if;
  if p_keys is not null and (p_look or hard is not null) then
    select array_agg(r.no::int), array_agg(t.fingerprint) into found, prints
    from unnest(p_wallet, p_keys) with ordinality as r (wallet, key, no) cross join lateral (
      select t.fingerprint from credit_transfers t where t.tenant_id = p_tenants[r.wallet] and t.idempotency_key = r.key and t.leg = 1 offset 0
    ) t where p_look or w_grant[r.wallet] is null;
    if found is not null then
      known := array_fill(null::uuid, array[cardinality(p_wallet)]);
      for i in 1..cardinality(found) loop
        known[found[i]] := prints[i];
        w_grant[p_wallet[found[i]]] := null;
      end loop;
      select array_agg(w.no::int order by w.no) into hard from unnest(w_grant) with ordinality as w (id, no) where w.id is null;
    end if;
  end if;

  if hard is not null then
    select array_agg(a.no), array_agg(a.id), array_agg(a.remaining) into g_wallet, g_id, g_left from (
      select i.no, c.id, c.now_left as remaining from unnest(hard) as i (no) cross join lateral (
        select c.*, case when c.id = w.burning then w.burning_left else c.remaining end as now_left
        from credit_wallets w join credit_grants c on c.tenant_id = w.tenant_id
        where w.tenant_id = p_tenants[i.no] and c.open and c.effective_at <= p_nows[i.no] and (c.expires_at is null or c.expires_at > p_nows[i.no]) offset 0
      ) c where c.now_left > 0 order by i.no, c.priority, date_trunc('second', c.expires_at) nulls last, c.created_at, c.id collate "C"
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
    insert into credit_transfers (tenant_id, seq, leg, id, type, from_account, to_account, amount, grant_id, balance_after,
      event_name, quantity, idempotency_key, fingerprint, at)
    select p_tenants[r.wallet], w_seq[r.wallet] + r.nth, 1, r.id, 'consumed', 'available', 'consumed', r.amount, w_grant[r.wallet],
      w_total[r.wallet] - r.running, r.name, r.quantity, r.key, r.fingerprint, p_nows[r.wallet]
    from unnest(p_wallet, p_nth, p_running, p_ids, p_amounts, p_names, p_quantities, p_keys, p_fingerprints)
      as r (wallet, nth, running, id, amount, name, quantity, key, fingerprint)
    where w_grant[r.wallet] is not null;
  end if;
  if x > 0 then
    insert into credit_transfers (tenant_id, seq, leg, id, type, from_account, to_account, amount, grant_id, balance_after, required,
      event_name, quantity, idempotency_key, fingerprint, at)
    select p_tenants[w], l.seq, l.leg, p_ids[l.request], case when l.required is null then 'consumed' else 'refused' end::credit_deed,
      case when l.amount > 0 then 'available' end::credit_account, case when l.amount > 0 then 'consumed' end::credit_account, l.amount, l.grant_id, l.balance, l.required,
      p_names[l.request], p_quantities[l.request], p_keys[l.request], p_fingerprints[l.request], p_nows[w]
    from unnest(x_request[1:x], x_seq[1:x], x_leg[1:x], x_amount[1:x], x_grant[1:x], x_balance[1:x], x_required[1:x])
      as l (request, seq, leg, amount, grant_id, balance, required), lateral (select p_wallet[l.request] as w) as place;
    return query select l.request, case when l.required is null then 'consumed' else 'insufficient' end, coalesce(l.required, l.amount)::text,
      l.balance::text, l.grant_id
    from unnest(x_request[1:x], x_amount[1:x], x_grant[1:x], x_balance[1:x], x_required[1:x]) as l (request, amount, grant_id, balance, required);
  end if;
  if p_events is not null then
    insert into billing_events (id, tenant_id, type, subject, summary, data, source, occurred_at)
    select p_events[e.wallet], p_tenants[e.wallet], 'credits.consumed', null,
      concat(trim_scale(e.amount), ' credits were consumed (', e.count, ' times).'),
      concat('{"amount":', trim_scale(e.amount), ',"count":', e.count, ',"balance_after":', trim_scale(e.balance), '}')::json, 'api', p_nows[e.wallet]
    from (
      select * from unnest(e_wallet, e_count, e_amount, e_balance)
      union all
      select w.no::int, w.count, w.sum, w.total - w.sum from unnest(p_sums, p_counts, w_total, w_grant) with ordinality as w (sum, count, total, grant_id, no)
      where w.grant_id is not null
    ) as e (wallet, count, amount, balance);
  end if;
  if coalesce(cardinality(hard), 0) < cardinality(p_tenants) then
    place := 0; outcome := 'paid'; balance := array_to_string(w_total, ','); grant_id := array_to_string(w_grant, ',', '');
    return next;
  end if;
  if o > 0 then
    return query select l.request, l.outcome, l.amount::text, l.balance::text, null::text
    from unnest(o_request[1:o], o_outcome[1:o], o_amount[1:o], o_balance[1:o]) as l (request, outcome, amount, balance);
  end if;
end $$;
revoke all on function credits_consume from public;
grant execute on function credits_consume to billwright_app;
