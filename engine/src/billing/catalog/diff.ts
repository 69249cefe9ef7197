/** What it takes to get from the catalog that is stored to the one that is wanted. Pure; `apply.ts` carries it out. */
import { isDeepStrictEqual } from "node:util";
import {
  canonicalHead,
  canonicalItem,
  canonicalTerms,
  type Fields,
  type ItemDocuments,
  type ItemKind,
  type Kind,
  SECTIONS,
} from "./canonical.ts";
import type { CatalogDocument, PlanDocument } from "./document.ts";
import { type PlanTerms, termsOf } from "./terms.ts";

export interface Change {
  kind: Kind;
  key: string;
  action: "create" | "update" | "archive" | "none";
  /** The fields of the declaration that differ. */
  fields: string[];
  /** Of a plan: its version after the change. */
  version?: number;
}

export interface StoredItem {
  kind: ItemKind;
  key: string;
  body: object;
  archived: boolean;
}

export interface StoredPlan {
  key: string;
  version: number;
  head: PlanDocument;
  terms: PlanTerms;
  archived: boolean;
}

export interface StoredCatalog {
  items: readonly StoredItem[];
  plans: readonly StoredPlan[];
}

/** The changes in the order of the document, each section's archived things last. What was archived before is not named. */
export function diffCatalog(stored: StoredCatalog, wanted: CatalogDocument): Change[] {
  return SECTIONS.flatMap(({ kind, section }) => {
    if (kind === "plan") return diffPlans(stored.plans, wanted.plans ?? []);
    const before = stored.items.filter((item) => item.kind === kind);
    const docs = (wanted[section] ?? []) as ItemDocuments[ItemKind][];
    return [
      ...docs.map((doc) =>
        diffItem(
          kind,
          before.find((item) => item.key === doc.key),
          doc,
        ),
      ),
      ...archived(kind, before, docs),
    ];
  });
}

function diffItem(kind: ItemKind, before: StoredItem | undefined, doc: ItemDocuments[ItemKind]): Change {
  const after = canonicalItem(kind, doc);
  if (!before) return { kind, key: doc.key, action: "create", fields: [] };
  return changeOf(kind, doc.key, before.archived, differing(canonicalItem(kind, before.body as ItemDocuments[ItemKind]), after));
}

function diffPlans(before: readonly StoredPlan[], docs: readonly PlanDocument[]): Change[] {
  const wanted = new Map(docs.map((doc) => [doc.key, doc]));
  const changes = docs.map((doc): Change => {
    const stored = before.find((plan) => plan.key === doc.key);
    if (!stored) return { kind: "plan", key: doc.key, action: "create", fields: [], version: 1 };
    const terms = differing(canonicalTerms(stored.terms), canonicalTerms(termsOf(doc, wanted)));
    const head = differing(canonicalHead(stored.head), canonicalHead(doc));
    return { ...changeOf("plan", doc.key, stored.archived, [...head, ...terms]), version: stored.version + (terms.length > 0 ? 1 : 0) };
  });
  return [...changes, ...archived("plan", before, docs)];
}

function changeOf(kind: Kind, key: string, wasArchived: boolean, differing: string[]): Change {
  const fields = wasArchived ? ["archived", ...differing] : differing;
  return { kind, key, action: fields.length > 0 ? "update" : "none", fields };
}

function archived(kind: Kind, before: readonly { key: string; archived: boolean }[], docs: readonly { key: string }[]): Change[] {
  const kept = new Set(docs.map((doc) => doc.key));
  return before
    .filter((one) => !one.archived && !kept.has(one.key))
    .map(({ key }) => ({ kind, key, action: "archive", fields: ["archived"] }));
}

export function differing(before: Fields, after: Fields): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => !isDeepStrictEqual(before[name], after[name]));
}
