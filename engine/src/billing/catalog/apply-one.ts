/** Creates or changes one thing of the catalog, by the same checks as the whole document. */
import type { Tx } from "../../commit.ts";
import { invalid, invalidField, Refusal } from "../../errors.ts";
import { applyTo, lockStored } from "./apply.ts";
import { type ItemDocuments, type Kind, SECTIONS } from "./canonical.ts";
import type { Change } from "./diff.ts";
import type { CatalogDocument, PlanDocument } from "./document.ts";
import type { StoredRows } from "./store.ts";
import { documentOf } from "./view.ts";

type Documents = ItemDocuments & { plan: PlanDocument };

/** `body` may leave the key out. Answers what became of this one; plans that extend it may have changed with it. */
export async function applyOne<K extends Kind>(
  tx: Tx,
  kind: K,
  key: string,
  body: Omit<Documents[K], "key"> & { key?: string },
): Promise<Change> {
  if (body.key !== undefined && body.key !== key) throw invalidField("key", `must be ${key}, as in the address, or be left out`);
  const stored = await lockStored(tx);
  const { wanted, index, section } = withOne(stored, kind, { ...body, key } as { key: string });
  try {
    const changes = await applyTo(tx, stored, wanted);
    return changes.find((change) => change.kind === kind && change.key === key)!;
  } catch (error) {
    throw error instanceof Refusal ? inBody(error, `${section}[${index}]`) : error;
  }
}

function withOne(stored: StoredRows, kind: Kind, doc: { key: string }) {
  const { section } = SECTIONS.find((one) => one.kind === kind)!;
  const all = documentOf(stored);
  const docs: { key: string }[] = [...(all[section] ?? [])];
  const at = docs.findIndex((one) => one.key === doc.key);
  const index = at < 0 ? docs.length : at;
  docs[index] = doc;
  return { wanted: { ...all, [section]: docs } as CatalogDocument, index, section };
}

// The caller sent one thing, so its fields are named from there; faults elsewhere keep their place in the document.
function inBody(refusal: Refusal, place: string): Refusal {
  if (refusal.code !== "invalid_request") return refusal;
  return invalid(
    refusal.faults.map(({ path, message }) => ({ path: path.startsWith(`${place}.`) ? path.slice(place.length + 1) : path, message })),
  );
}
