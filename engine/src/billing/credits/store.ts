/** SQL of wallets, grants and the ledger. */
import type { Tx } from "../../commit.ts";
import type { Database } from "../../db/pool.ts";
import { decimal } from "../money/decimal.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { Grant, Source } from "./grant.ts";
import { enter, type Posting, type Wallet } from "./ledger.ts";

interface WalletRow {
  tenant_id: string;
  available: string;
  held: string;
  last_seq: bigint;
  plan_key: string | null;
  is_low: boolean;
}

/**
 * The wallets of these tenants, which must exist, locked in one order. Whatever moves credits does this first: all that is decided
 * afterwards stays true until the end of the transaction.
 */
export async function lockWallets(tx: Tx, tenantIds: readonly string[]): Promise<Map<string, Wallet>> {
  const ids = [...new Set(tenantIds)];
  let rows = await selectWallets(tx, ids);
  if (rows.length < ids.length) {
    await tx.query(
      `insert into credit_wallets (tenant_id) select t.id from tenants t where t.id = any($1::text[]) order by t.id collate "C" on conflict do nothing`,
      [ids],
    );
    rows = await selectWallets(tx, ids);
  }
  return new Map(
    rows.map((row) => [
      row.tenant_id,
      {
        tenantId: row.tenant_id,
        available: decimal(row.available),
        held: decimal(row.held),
        lastSeq: row.last_seq,
        planKey: row.plan_key,
        isLow: row.is_low,
      },
    ]),
  );
}

async function selectWallets(tx: Tx, ids: readonly string[]): Promise<WalletRow[]> {
  return tx.query<WalletRow>(
    `select tenant_id, available, held, last_seq, plan_key, is_low from credit_wallets
     where tenant_id = any($1::text[]) order by tenant_id collate "C" for update`,
    [ids],
  );
}

const TRANSFER_COLUMNS = [
  ...["tenant_id", "seq", "leg", "id", "type", "from_account", "to_account", "amount", "grant_id", "hold_id", "balance_after", "required"],
  ...["event_name", "quantity", "idempotency_key", "fingerprint", "origin", "reason", "at"],
];

/** Adds transactions to the ledger, in order; the wallets must be locked. The database moves the balances by what is added. */
export async function writePostings(tx: Tx, wallets: ReadonlyMap<string, Wallet>, postings: readonly Posting[]): Promise<void> {
  if (postings.length === 0) return;
  const rows = postings.flatMap((posting) => {
    const common = (seq: bigint, leg: number) => [posting.tenantId, seq, leg, posting.id, posting.type];
    const tail = [
      posting.refused?.required.toFixed() ?? null,
      posting.eventName ?? null,
      posting.quantity?.toFixed() ?? null,
      posting.key ?? null,
      posting.fingerprint ?? null,
      posting.origin ?? null,
      posting.reason ?? null,
      formatInstant(posting.at),
    ];
    const wallet = wallets.get(posting.tenantId)!;
    const entered = enter(wallet, posting);
    if (posting.refused) {
      return [[...common(wallet.lastSeq, 1), null, null, "0", null, null, posting.refused.available.toFixed(), ...tail]];
    }
    return entered.map(({ seq, leg, from, to, amount, grantId, balanceAfter }) => [
      ...common(seq, leg),
      from,
      to,
      amount.toFixed(),
      grantId,
      posting.holdId ?? null,
      balanceAfter.toFixed(),
      ...tail,
    ]);
  });
  await tx.copy("credit_transfers", TRANSFER_COLUMNS, rows);
}

export interface GrantRow {
  id: string;
  tenant_id: string;
  amount: string;
  remaining: string;
  held: string;
  source: Source;
  priority: number;
  effective_at: Instant;
  expires_at: Instant | null;
  created_at: Instant;
  reason: string | null;
  reference: string | null;
  parent_id: string | null;
}

export const GRANT_COLUMNS =
  "id, tenant_id, amount, remaining, held, source, priority, effective_at, expires_at, created_at, reason, reference, parent_id";

/** A row as the rules know it. */
export function grantOf(row: GrantRow): Grant {
  return {
    id: row.id,
    priority: row.priority,
    effectiveAt: row.effective_at,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    remaining: decimal(row.remaining),
  };
}

const NEW_GRANT = [
  ...["id", "tenant_id", "amount", "source", "priority", "effective_at", "expires_at", "created_at", "reason", "reference"],
  "parent_id",
];

/** Empty, until a transfer fills them. */
export async function insertGrants(tx: Tx, grants: readonly GrantRow[]): Promise<void> {
  await tx.copy(
    "credit_grants",
    NEW_GRANT,
    grants.map((grant) => [
      grant.id,
      grant.tenant_id,
      grant.amount,
      grant.source,
      grant.priority,
      formatInstant(grant.effective_at),
      grant.expires_at === null ? null : formatInstant(grant.expires_at),
      formatInstant(grant.created_at),
      grant.reason,
      grant.reference,
      grant.parent_id,
    ]),
  );
}

/** The grants of a tenant by their ids, whatever is left of them. */
export async function findGrants(db: Database, tenantId: string, ids: readonly string[]): Promise<GrantRow[]> {
  return db.query<GrantRow>(`select ${GRANT_COLUMNS} from credit_grants_now where tenant_id = $1 and id = any($2::text[])`, [
    tenantId,
    ids,
  ]);
}

/** The same of many tenants, by id. */
export async function findGrantsOf(db: Database, asked: readonly { tenantId: string; id: string }[]): Promise<Map<string, GrantRow>> {
  if (asked.length === 0) return new Map();
  const rows = await db.query<GrantRow>(
    `select ${GRANT_COLUMNS} from credit_grants_now where id = any($1::text[]) and tenant_id = any($2::text[])`,
    [asked.map((one) => one.id), [...new Set(asked.map((one) => one.tenantId))]],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** The grants made for something, oldest first, whatever is left of them. */
export async function findGrantsFor(db: Database, tenantId: string, reference: string): Promise<GrantRow[]> {
  return db.query<GrantRow>(
    `select ${GRANT_COLUMNS} from credit_grants_now where tenant_id = $1 and reference = $2 order by created_at, id collate "C"`,
    [tenantId, reference],
  );
}

/** The grants of which something is left or held, effective or not, expired or not. */
export async function findOpenGrants(db: Database, tenantIds: readonly string[]): Promise<GrantRow[]> {
  return db.query<GrantRow>(`select ${GRANT_COLUMNS} from credit_grants_now where tenant_id = any($1::text[]) and open`, [tenantIds]);
}

export async function setExpiry(tx: Tx, tenantId: string, grantId: string, expiresAt: Instant | null): Promise<void> {
  await tx.query("update credit_grants set expires_at = $3, warned = false where tenant_id = $1 and id = $2", [
    tenantId,
    grantId,
    expiresAt === null ? null : formatInstant(expiresAt),
  ]);
}

/** The first legs of what was done under these keys or, `by` "origin", under these names of the engine's own. */
export async function findDone(
  db: Database,
  by: "idempotency_key" | "origin",
  asked: readonly { tenantId: string; name: string }[],
): Promise<Done[]> {
  if (asked.length === 0) return [];
  return db.query<Done>(
    `select t.tenant_id, t.${by} as name, t.id, t.seq, t.type, t.fingerprint, t.grant_id, t.hold_id
     from unnest($1::text[], $2::text[]) as a (tenant_id, name)
     join credit_transfers t on t.tenant_id = a.tenant_id and t.${by} = a.name and t.leg = 1`,
    [asked.map((one) => one.tenantId), asked.map((one) => one.name)],
  );
}

export interface Done {
  tenant_id: string;
  name: string;
  id: string;
  seq: bigint;
  type: Posting["type"];
  fingerprint: string | null;
  grant_id: string | null;
  hold_id: string | null;
}

export async function markLow(tx: Tx, tenantIds: readonly string[], isLow: boolean): Promise<void> {
  await tx.query("update credit_wallets set is_low = $2 where tenant_id = any($1::text[])", [tenantIds, isLow]);
}

export interface LegRow {
  leg: number;
  grant_id: string | null;
  amount: string;
}

/** The legs of one transaction, in order. */
export async function findLegs(db: Database, tenantId: string, seq: bigint): Promise<LegRow[]> {
  return db.query<LegRow>("select leg, grant_id, amount from credit_transfers where tenant_id = $1 and seq = $2 order by leg", [
    tenantId,
    seq.toString(),
  ]);
}

export async function setPlan(tx: Tx, tenantId: string, planKey: string | null): Promise<void> {
  await tx.query(
    "insert into credit_wallets (tenant_id, plan_key) values ($1, $2) on conflict (tenant_id) do update set plan_key = excluded.plan_key",
    [tenantId, planKey],
  );
}
