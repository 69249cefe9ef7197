/**
 * What must hold of credits, as statements whose rows say what is expected and what is found. $1: one tenant, or null. Together they prove the
 * ledger: transfers are whole, balances and grants are what the transfers make of them, holds are what is held, keys stand for one thing.
 */
import type { Database } from "../../db/pool.ts";

const MINE = (alias: string) => `($1::text is null or ${alias}.tenant_id = $1)`;
const n = (value: string) => `trim_scale(coalesce(${value}, 0))`;
/** What the transfers `t` make of an account. */
const account = (name: string) =>
  `sum(case when t.to_account = '${name}' then t.amount when t.from_account = '${name}' then -t.amount else 0 end)`;
const words = (parts: Record<string, string>) =>
  `concat_ws(', ', ${Object.entries(parts)
    .map(([name, value]) => `'${name} ' || ${value}`)
    .join(", ")})`;

const BURNS = (grant: string, rest: string) => `concat(coalesce(${grant}, 'none'), ' first, others ', ${n(rest)})`;

const ACCOUNTS = ["available", "held", "consumed", "expired", "issued"];

const CHECKS = [
  {
    name: "credits.sum",
    says: "the five accounts of a tenant sum to zero",
    text: `select tenant_id, 'wallet' as subject, '0' as expected, trim_scale(available + held + consumed + expired + issued)::text as found
from credit_wallets w where $1::text is null or w.tenant_id = $1`,
  },
  {
    name: "credits.balances",
    says: "each account is the sum of its transfers, and none is below zero but what was issued",
    text: `select coalesce(w.tenant_id, t.tenant_id) as tenant_id, 'wallet' as subject,
  ${words(Object.fromEntries(ACCOUNTS.map((name) => [name, n(`t.${name}`)])))} as expected,
  case when w.tenant_id is null then 'no wallet' else ${words(Object.fromEntries(ACCOUNTS.map((name) => [name, n(`w.${name}`)])))}
    || case when least(w.available, w.held, w.consumed, w.expired) < 0 then ', below zero' else '' end end as found
from credit_wallets w full join (
  select t.tenant_id, ${ACCOUNTS.map((name) => `${account(name)} as ${name}`).join(", ")} from credit_transfers t where ${MINE("t")} group by t.tenant_id
) t on t.tenant_id = w.tenant_id where ($1::text is null or coalesce(w.tenant_id, t.tenant_id) = $1)`,
  },
  {
    name: "credits.transfers",
    says: "a transfer moves an amount above zero between two accounts that its type allows; a refusal, and what is free, move nothing",
    text: `select t.tenant_id, t.id || ' leg ' || t.leg as subject,
  case when t.type = 'refused' or t.amount = 0 then 'nothing' else 'above zero, ' || case t.type
    when 'granted' then 'issued to available' when 'expired' then 'available to expired' when 'held' then 'available to held'
    when 'released' then 'held to available' when 'refunded' then 'available to issued'
    when 'consumed' then case when t.hold_id is null then 'available' else 'held' end || ' to consumed'
    else case when t.from_account = 'issued' then 'issued to available' else 'available to issued' end end end as expected,
  case when t.amount = 0 and t.from_account is null and t.to_account is null and t.type in ('refused', 'consumed') then 'nothing'
    else case when t.amount > 0 then 'above zero, ' else t.amount || ', ' end || concat_ws(' to ', t.from_account, t.to_account) end as found
from credit_transfers t where $1::text is null or t.tenant_id = $1`,
  },
  {
    name: "credits.order",
    says: "the transactions of a wallet are numbered without gaps, their legs too, and each leg's balance follows from the one before",
    text: `select o.tenant_id, o.id || ' leg ' || o.leg as subject,
  concat(case when o.leg = 1 then o.seq_before + 1 else o.seq_before end, '.', case when o.seq = o.seq_before then o.leg_before + 1 else 1 end,
    case when o.type <> 'refused' then ', balance ' || trim_scale(o.balance) end) as expected,
  concat(o.seq, '.', o.leg, case when o.type <> 'refused' then ', balance ' || trim_scale(o.balance_after) end) as found
from (
  select t.*, coalesce(lag(t.seq) over w, 0) as seq_before, coalesce(lag(t.leg) over w, 0) as leg_before,
    sum(case when t.to_account in ('available', 'held') then t.amount else 0 end - case when t.from_account in ('available', 'held') then t.amount else 0 end)
      over w as balance
  from credit_transfers t where ${MINE("t")} window w as (partition by t.tenant_id order by t.seq, t.leg)
) o
union all
select w.tenant_id, 'last number', coalesce((select max(t.seq) from credit_transfers t where t.tenant_id = w.tenant_id), 0)::text, w.last_seq::text
from credit_wallets w where ${MINE("w")}`,
  },
  {
    name: "credits.grants",
    says: "what is left of a grant, and held of it, is what its transfers make of it, never below zero or above its amount; open while something is",
    text: `select g.tenant_id, g.id as subject,
  ${words({ granted: n("g.amount"), left: n("t.available"), held: n("t.held") })} || case when coalesce(t.available + t.held, 0) > 0 then ', open' else '' end as expected,
  ${words({ granted: n("t.granted"), left: n("g.remaining"), held: n("g.held") })} || case when g.open then ', open' else '' end
    || case when g.remaining < 0 or g.held < 0 then ', below zero' when g.remaining + g.held > g.amount then ', above its amount' else '' end as found
from credit_grants_now g left join (
  select t.grant_id, t.tenant_id, ${account("available")} as available, ${account("held")} as held,
    sum(t.amount) filter (where t.from_account = 'issued') as granted
  from credit_transfers t where t.grant_id is not null and ${MINE("t")} group by t.grant_id, t.tenant_id
) t on t.grant_id = g.id and t.tenant_id = g.tenant_id where ${MINE("g")}
union all
select t.tenant_id, t.grant_id, 'a grant', 'none' from credit_transfers t
where t.grant_id is not null and ${MINE("t")} and not exists (select from credit_grants_now g where g.id = t.grant_id and g.tenant_id = t.tenant_id)`,
  },
  {
    name: "credits.burning",
    says: "the grant that a wallet burns is the first of those that can be spent, and the others have as much as the wallet says",
    text: `select w.tenant_id, 'burning' as subject, case when w.burning is null then 'nothing' else ${BURNS("f.id", "f.sum - w.burning_left")} end as expected,
  case when w.burning is null then 'nothing' else ${BURNS("w.burning", "w.burning_rest")} end as found
from credit_wallets w left join lateral (
  select (array_agg(g.id order by g.priority, date_trunc('second', g.expires_at) nulls last, g.created_at, g.id collate "C"))[1] as id, sum(g.remaining) as sum
  from credit_grants_now g
  where g.tenant_id = w.tenant_id and (g.id = w.burning or g.open and g.remaining > 0)
    and g.effective_at <= w.burning_from and (g.expires_at is null or g.expires_at > w.burning_from)
) f on true where ${MINE("w")}`,
  },
  {
    name: "credits.holds",
    says: "an open hold has what it reserved, a closed one nothing; what was captured of it was consumed; open holds are what is held",
    text: `select h.tenant_id, h.id as subject,
  ${words({ reserved: n("h.amount"), has: "case when h.status = 'open' then trim_scale(h.amount) else 0 end", consumed: n("h.captured") })} as expected,
  ${words({ reserved: n("t.reserved"), has: n("t.held"), consumed: n("t.consumed") })} as found
from credit_holds h left join (
  select t.hold_id, t.tenant_id, ${account("held")} as held, ${account("consumed")} as consumed,
    sum(t.amount) filter (where t.type = 'held') as reserved
  from credit_transfers t where t.hold_id is not null and ${MINE("t")} group by t.hold_id, t.tenant_id
) t on t.hold_id = h.id and t.tenant_id = h.tenant_id where ${MINE("h")}
union all
select w.tenant_id, 'held', ${n("h.amount")}::text, ${n("w.held")}::text
from credit_wallets w left join (select tenant_id, sum(amount) as amount from credit_holds where status = 'open' group by tenant_id) h using (tenant_id)
where ${MINE("w")}`,
  },
  {
    name: "credits.keys",
    says: "each idempotency key and each origin of a tenant stands for one transaction",
    text: `select t.tenant_id, 'key ' || t.idempotency_key as subject, '1' as expected, count(*)::text as found
from credit_transfers t where t.leg = 1 and t.idempotency_key is not null and ${MINE("t")} group by t.tenant_id, t.idempotency_key
union all
select t.tenant_id, 'origin ' || t.origin, '1', count(*)::text
from credit_transfers t where t.leg = 1 and t.origin is not null and ${MINE("t")} group by t.tenant_id, t.origin`,
  },
  {
    name: "credits.gifts",
    says: "what a gift took from one tenant it gave to another",
    text: `select a.tenant_id, a.id as subject, trim_scale(a.amount)::text as expected, coalesce(trim_scale(b.amount)::text, 'nothing') as found
from (
  select t.tenant_id, t.id, sum(t.amount) as amount from credit_transfers t
  where t.type = 'transferred' and t.from_account = 'available' and ${MINE("t")} group by t.tenant_id, t.id
) a left join (
  select t.origin, sum(t.amount) as amount from credit_transfers t
  where t.type = 'transferred' and t.from_account = 'issued' /* tenant_id: the other tenant's */ group by t.origin
) b on b.origin = 'gift ' || a.id`,
  },
];

export function creditChecks(tenantId: string | null) {
  return CHECKS.map((check) => ({ ...check, values: [tenantId] }));
}

export interface Verdict {
  name: string;
  says: string;
  checked: number;
  wrong: number;
  /** The first of what is wrong. */
  named: { tenant_id: string | null; subject: string; expected: string; found: string }[];
}

const NAMED = 100;

/** Runs the checks: a statement at a time, each of one instant. */
export async function proveCredits(db: Database, tenantId: string | null): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const { name, says, text, values } of creditChecks(tenantId)) {
    const [row] = await db.query<Pick<Verdict, "checked" | "wrong" | "named">>(
      `with checked as materialized (${text}
       ), wrong as (select tenant_id, subject, expected, found from checked where expected is distinct from found)
       select (select count(*)::int from checked) as checked, (select count(*)::int from wrong) as wrong,
         coalesce((select jsonb_agg(w) from (select * from wrong order by tenant_id, subject limit ${NAMED}) w), '[]') as named`,
      values,
    );
    verdicts.push({ name, says, ...row! });
  }
  return verdicts;
}
