/** Grants credits: a grant, and the transfer that fills it. Once a key and once an origin, whoever asks and however often. */
import type { Tx } from "../../commit.ts";
import { invalidField, tenantNotFound } from "../../errors.ts";
import { newId } from "../../ids.ts";
import type { Decimal } from "../money/decimal.ts";
import { decimal } from "../money/decimal.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import { keyReused } from "./earlier.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { DEFAULT_PRIORITY, type Source } from "./grant.ts";
import type { Posting } from "./ledger.ts";
import { noteBalances } from "./note-balances.ts";
import { type Done, findDone, findGrantsOf, type GrantRow, insertGrants, lockWallets, writePostings } from "./store.ts";

export interface GrantInput {
  tenantId: string;
  /** Above zero, exact. */
  amount: Decimal;
  source: Source;
  /** Lower burns first, 0 to 255; by the source if not said. */
  priority?: number | null;
  /** From when it may be spent; at once if not said. */
  effectiveAt?: Instant | null;
  /** Exclusive; null: it does not expire. */
  expiresAt?: Instant | null;
  reason?: string | null;
  /** What it is granted for (a subscription, a payment): `findGrantsFor` finds it by this. */
  reference?: string | null;
  /** The caller's idempotency key: once a tenant, for ever, among all that the caller does with credits. */
  key?: string | null;
  /** The engine's own name of this deed (`purchase pay_…`): once a tenant, for ever. */
  origin?: string | null;
  /** The tenant's now where it is another than the write's (many tenants at once). */
  at?: Instant;
  /** Somebody asks for it: what would have expired already is not granted. (What was granted before under the key is answered still.) */
  refuseExpired?: boolean;
}

export type Granted =
  | { grant: GrantRow; replayed: boolean; refused: null }
  | { grant: null; replayed: false; refused: "key_reused" | "expired" };

export const EXPIRED = "must lie after now and after effective_at";

/** Throws `idempotency_key_reused` where the key stands for something else, a 422 that names `expires_at`, `tenant_not_found`. */
export async function grantCredits(tx: Tx, input: GrantInput): Promise<{ grant: GrantRow; replayed: boolean }> {
  const [granted] = await grantMany(tx, [input]);
  if (granted!.refused === null) return granted!;
  throw granted!.refused === "expired" ? invalidField("expires_at", EXPIRED) : keyReused();
}

/** Many grants in one go, of any tenants: an answer each, in order. A key or origin that stands twice among them is granted once. */
export async function grantMany(tx: Tx, inputs: readonly GrantInput[]): Promise<Granted[]> {
  const tenantIds = [...new Set(inputs.map((input) => input.tenantId))];
  const wallets = await lockWallets(tx, tenantIds);
  for (const id of tenantIds) if (!wallets.has(id)) throw tenantNotFound(id);
  const known = await findKnown(tx, inputs);
  const answers: Granted[] = [];
  const made = new Map<string, { grant: GrantRow; fingerprint: string }>();
  const grants: GrantRow[] = [];
  const postings: Posting[] = [];
  for (const input of inputs) {
    const fingerprint = fingerprintOfGrant(input);
    const names = namesOf(input);
    const before = names.map((name) => known.get(name) ?? made.get(name)).find((found) => found !== undefined);
    if (before) {
      const same = before.grant !== null && (input.key == null || before.fingerprint === fingerprint);
      answers.push(
        same ? { grant: before.grant!, replayed: true, refused: null } : { grant: null, replayed: false, refused: "key_reused" },
      );
      continue;
    }
    if (input.refuseExpired && hasExpired(input, input.at ?? tx.now)) {
      answers.push({ grant: null, replayed: false, refused: "expired" });
      continue;
    }
    const grant = newGrant(tx, input);
    grants.push(grant);
    postings.push(postingOf(grant, input, fingerprint));
    for (const name of names) made.set(name, { grant, fingerprint });
    answers.push({ grant, replayed: false, refused: null });
  }
  await insertGrants(tx, grants);
  await writePostings(tx, wallets, postings);
  for (const grant of grants) announce(tx, grant);
  await noteBalances(tx, [...new Set(grants.map((grant) => grant.tenant_id))]);
  return answers;
}

function hasExpired({ expiresAt, effectiveAt }: GrantInput, now: Instant): boolean {
  return expiresAt != null && expiresAt <= Math.max(now, effectiveAt ?? now);
}

function namesOf({ tenantId, key, origin }: GrantInput): string[] {
  return [...(key == null ? [] : [`key ${tenantId} ${key}`]), ...(origin == null ? [] : [`origin ${tenantId} ${origin}`])];
}

// What has a default by the time or the source counts as it was asked: a retry comes later.
function fingerprintOfGrant(input: GrantInput): string {
  const text = (value: number | null | undefined) => (value == null ? null : String(value));
  return fingerprintOf(
    ...["granted", input.amount, input.source, text(input.priority), text(input.effectiveAt), text(input.expiresAt)],
    input.reason ?? null,
  );
}

async function findKnown(
  tx: Tx,
  inputs: readonly GrantInput[],
): Promise<Map<string, { grant: GrantRow | null; fingerprint: string | null }>> {
  const asked = (of: (input: GrantInput) => string | null | undefined) =>
    inputs.flatMap((input) => {
      const name = of(input);
      return name == null ? [] : [{ tenantId: input.tenantId, name }];
    });
  const keys = await findDone(
    tx,
    "idempotency_key",
    asked((input) => input.key),
  );
  const origins = await findDone(
    tx,
    "origin",
    asked((input) => input.origin),
  );
  const known = new Map<string, { grant: GrantRow | null; fingerprint: string | null }>();
  const grants = await findGrantsOf(
    tx,
    [...keys, ...origins].flatMap(({ type, tenant_id: tenantId, grant_id: id }) =>
      type === "granted" && id !== null ? [{ tenantId, id }] : [],
    ),
  );
  const note = (kind: string, done: Done) =>
    known.set(`${kind} ${done.tenant_id} ${done.name}`, { grant: grants.get(done.grant_id ?? "") ?? null, fingerprint: done.fingerprint });
  for (const done of keys) note("key", done);
  for (const done of origins) note("origin", done);
  return known;
}

function newGrant(tx: Tx, input: GrantInput): GrantRow {
  const at = input.at ?? tx.now;
  const amount = input.amount.toFixed();
  return {
    id: newId("grant"),
    tenant_id: input.tenantId,
    amount,
    remaining: amount,
    held: "0",
    source: input.source,
    priority: input.priority ?? DEFAULT_PRIORITY[input.source],
    effective_at: input.effectiveAt ?? at,
    expires_at: input.expiresAt ?? null,
    created_at: at,
    reason: input.reason ?? null,
    reference: input.reference ?? null,
    parent_id: null,
  };
}

function postingOf(grant: GrantRow, input: GrantInput, fingerprint: string): Posting {
  return {
    id: newId("transaction"),
    tenantId: grant.tenant_id,
    type: "granted",
    legs: [{ from: "issued", to: "available", amount: input.amount, grantId: grant.id }],
    at: grant.created_at,
    key: input.key ?? null,
    fingerprint,
    origin: input.origin ?? null,
    reason: grant.reason,
  };
}

function announce(tx: Tx, grant: GrantRow): void {
  tx.emit({
    type: "credits.granted",
    tenantId: grant.tenant_id,
    subject: grant.id,
    summary: `${grant.amount} credits were granted (${grant.source}).`,
    data: {
      grant: grant.id,
      amount: decimal(grant.amount),
      source: grant.source,
      priority: grant.priority,
      effective_at: formatInstant(grant.effective_at),
      expires_at: grant.expires_at === null ? null : formatInstant(grant.expires_at),
      reference: grant.reference,
      reason: grant.reason,
    },
  });
}
