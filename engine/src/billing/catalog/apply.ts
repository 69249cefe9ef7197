/** Replaces the catalog: what differs is created or changed, what is absent is archived, and changed terms are a new version. */
import type { Tx } from "../../commit.ts";
import type { Database } from "../../db/pool.ts";
import { invalid } from "../../errors.ts";
import { SECTIONS } from "./canonical.ts";
import { checkCatalog } from "./check.ts";
import { type Change, diffCatalog, type StoredCatalog } from "./diff.ts";
import type { CatalogDocument, MeterDocument } from "./document.ts";
import {
  archiveItem,
  archivePlan,
  bumpRevision,
  insertPlanVersion,
  lockRevision,
  movePositions,
  readStored,
  type StoredRows,
  upsertItem,
  upsertPlan,
} from "./store.ts";
import { termsOf } from "./terms.ts";

/** What applying would change; refuses a document with faults. Writes nothing. */
export async function previewCatalog(db: Database, wanted: CatalogDocument): Promise<Change[]> {
  return decide(await readStored(db), wanted);
}

export async function applyCatalog(tx: Tx, wanted: CatalogDocument): Promise<Change[]> {
  return applyTo(tx, await lockStored(tx), wanted);
}

/** The catalog as it stands, and nobody else changes it before this transaction ends. */
export async function lockStored(tx: Tx): Promise<StoredRows> {
  await lockRevision(tx);
  return readStored(tx);
}

/** `applyCatalog` for a caller that had to read the catalog first, to say what is wanted. */
export async function applyTo(tx: Tx, stored: StoredRows, wanted: CatalogDocument): Promise<Change[]> {
  const changes = decide(stored, wanted);
  for (const change of changes) await carryOut(tx, change, stored, wanted);
  const moved = await keepOrder(tx, changes, stored, wanted);
  const made = changes.filter((change) => change.action !== "none");
  if (made.length > 0 || moved) {
    await bumpRevision(tx);
    tx.afterCommit(() => tx.ctx.catalog.invalidate());
  }
  if (made.length > 0) {
    tx.emit({ type: "catalog.changed", tenantId: null, subject: null, summary: summaryOf(made), data: { changes: made } });
  }
  return changes;
}

function decide(rows: StoredRows, wanted: CatalogDocument): Change[] {
  const used = rows.items.filter((item) => item.kind === "meter" && item.used_at !== null);
  const faults = checkCatalog(wanted, new Map(used.map((item) => [item.key, item.body as unknown as MeterDocument])));
  if (faults.length > 0) throw invalid(faults.slice(0, 100));
  const stored: StoredCatalog = {
    items: rows.items.map((item) => ({ ...item, archived: item.archived_at !== null })),
    plans: rows.plans.map((plan) => ({ ...plan, archived: plan.archived_at !== null })),
  };
  return diffCatalog(stored, wanted);
}

async function carryOut(tx: Tx, change: Change, stored: StoredRows, wanted: CatalogDocument): Promise<void> {
  const { kind, key, action } = change;
  if (action === "none") return;
  if (action === "archive") return kind === "plan" ? archivePlan(tx, key, tx.now) : archiveItem(tx, kind, key, tx.now);
  if (kind === "plan") {
    const plans = new Map((wanted.plans ?? []).map((plan) => [plan.key, plan]));
    const head = plans.get(key)!;
    const version = change.version!;
    await upsertPlan(tx, { key, version, head, position: [...plans.keys()].indexOf(key) }, tx.now);
    if (version !== stored.plans.find((plan) => plan.key === key)?.version) {
      await insertPlanVersion(tx, { key, version, terms: termsOf(head, plans) }, tx.now);
    }
    return;
  }
  const docs: readonly { key: string }[] = wanted[SECTIONS.find((one) => one.kind === kind)!.section] ?? [];
  const position = docs.findIndex((doc) => doc.key === key);
  await upsertItem(tx, { kind, key, body: docs[position], position }, tx.now);
}

// The order of the document is the order of lists; moving a thing is no change of it.
async function keepOrder(tx: Tx, changes: Change[], stored: StoredRows, wanted: CatalogDocument): Promise<boolean> {
  const untouched = new Set(changes.filter((change) => change.action === "none").map(({ kind, key }) => `${kind} ${key}`));
  const positions = new Map([
    ...stored.items.map((item) => [`${item.kind} ${item.key}`, item.position] as const),
    ...stored.plans.map((plan) => [`plan ${plan.key}`, plan.position] as const),
  ]);
  const moves = SECTIONS.flatMap(({ kind, section }) =>
    (wanted[section] ?? []).flatMap(({ key }, position) =>
      untouched.has(`${kind} ${key}`) && positions.get(`${kind} ${key}`) !== position ? [{ kind, key, position }] : [],
    ),
  );
  if (moves.length > 0) await movePositions(tx, moves);
  return moves.length > 0;
}

function summaryOf(changes: Change[]): string {
  const count = (action: Change["action"]) => changes.filter((change) => change.action === action).length;
  const words = [
    [count("create"), "created"],
    [count("update"), "changed"],
    [count("archive"), "archived"],
  ] as const;
  return `The catalog changed: ${words.flatMap(([number, word]) => (number > 0 ? [`${number} ${word}`] : [])).join(", ")}.`;
}
