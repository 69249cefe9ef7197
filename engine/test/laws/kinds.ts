/** Inside a room: nouns are pure, verbs that take `tx` stay inside, stores decide nothing, routes hold no SQL. */
import ts from "typescript";
import { type House, lineOf, roomOf, type Source, visit } from "./house.ts";
import { functionsOf, type Kind, kindOf } from "./kind.ts";
import { type Breach, type Exceptions, type Law, needless } from "./law.ts";
import { sqlTexts } from "./sql-texts.ts";

const NETWORK = /^(undici|stripe|razorpay|nodemailer|ioredis|sqs-consumer|@aws-sdk\/.*|node:(http|https|http2|net|tls|dgram))$/;

function inRooms(house: House, kind: Kind): Source[] {
  return house.sources.filter((source) => roomOf(source.path) !== null && kindOf(source) === kind);
}

const NOT_PURE: Exceptions = {
  "engine/src/billing/credits/flights.ts": "coalesces requests in flight, as those of usage",
  "engine/src/billing/entitlements/usage-log.ts":
    "tells and looks later, for many at once: waiting is what it is for, and both are arguments",
  "engine/src/billing/usage/lanes.ts": "coalesces requests in flight: waiting is what it is for, and the statement is an argument",
};

const nouns: Law = {
  says: "a noun (a room's file whose functions take no tx, ctx or database) does not await, log, or import a store",
  check: (house) => {
    const excused = new Set<string>();
    const found = inRooms(house, "noun").flatMap((source) => {
      const breaches: Breach[] = [];
      const breach = (line: number, words: string) => breaches.push({ path: source.path, line, words });
      visit(source.ast, (node) => {
        if (ts.isAwaitExpression(node)) breach(lineOf(source, node), "a noun does not await: give it what it needs as an argument");
        if (node.kind === ts.SyntaxKind.AsyncKeyword) breach(lineOf(source, node), "a noun is not async");
        if (ts.isPropertyAccessExpression(node) && (node.name.text === "log" || node.expression.getText() === "console"))
          breach(lineOf(source, node), "a noun does not log");
      });
      for (const { target, line, typeOnly } of source.imports) {
        if (target === null || typeOnly) continue;
        if (/(^|[/-])store\.ts$|\/db\/pool\.ts$|\/commit\.ts$/.test(target)) breach(line, `a noun does not import ${target}`);
      }
      if (!(source.path in NOT_PURE)) return breaches;
      if (breaches.length > 0) excused.add(source.path);
      return [];
    });
    return [...found, ...needless(NOT_PURE, excused, house)];
  },
  broken: [
    [
      "engine/src/billing/usage/rule.ts:2",
      { "engine/src/billing/usage/rule.ts": "export function rule(a: Promise<void>) {\n  return (async () => a)();\n}" },
    ],
    [
      "engine/src/billing/usage/rule.ts:1",
      { "engine/src/billing/usage/rule.ts": 'import { findRow } from "./store.ts";\nexport const rule = (a: number) => a;' },
    ],
    ["engine/src/billing/usage/rule.ts:1", { "engine/src/billing/usage/rule.ts": "export const rule = (a: number) => console.info(a);" }],
  ],
  kept: [
    {
      "engine/src/billing/usage/act.ts":
        'import { insertRow } from "./store.ts";\nexport async function act(tx: Tx) {\n  await insertRow(tx);\n}',
    },
  ],
};

const actions: Law = {
  says: "a function that takes tx touches no network, opens no transaction and waits for nothing but the database",
  check: (house) =>
    house.sources
      .filter(({ path }) => path.startsWith("engine/src/") && path !== "engine/src/commit.ts")
      .flatMap((source) =>
        functionsOf(source)
          .filter(({ first }) => first.type === "Tx")
          .flatMap(({ node, name }) => {
            const breaches: Breach[] = [];
            visit(node, (inner) => {
              if (!ts.isCallExpression(inner)) return;
              const called = inner.expression.getText();
              const words =
                called === "commit" || called === "commitAnswer"
                  ? "opens a transaction"
                  : /(^|\.)fetch$|(^|\.)gateways\.get$/.test(called)
                    ? "goes outside"
                    : called === "sleep" || called === "setTimeout"
                      ? "waits"
                      : null;
              if (words)
                breaches.push({
                  path: source.path,
                  line: lineOf(source, inner),
                  words: `${name} takes tx and ${words} by ${called}(): enqueue a job`,
                });
            });
            return breaches;
          }),
      ),
  broken: [
    [
      "engine/src/billing/usage/a.ts:2",
      { "engine/src/billing/usage/a.ts": "export async function a(tx: Tx) {\n  await commit(tx.ctx, {}, b);\n}" },
    ],
    [
      "engine/src/billing/usage/a.ts:2",
      { "engine/src/billing/usage/a.ts": 'export async function a(tx: Tx) {\n  await fetch("https://example.com");\n}' },
    ],
    ["engine/src/billing/usage/a.ts:1", { "engine/src/billing/usage/a.ts": 'const a = (tx: Tx) => tx.ctx.gateways.get("x").charge();' }],
  ],
  kept: [{ "engine/src/billing/usage/a.ts": "export async function due(ctx: Context) {\n  await commit(ctx, {}, b);\n}" }],
};

const network: Law = {
  says: "rooms reach the network through a port only: no file of billing/ imports a gateway, a client or a socket",
  check: (house) =>
    house.sources
      .filter(({ path }) => roomOf(path) !== null)
      .flatMap((source) => {
        const breaches: Breach[] = source.imports
          .filter(({ specifier }) => NETWORK.test(specifier))
          .map(({ line, specifier }) => ({ path: source.path, line, words: `${specifier} is for gateways/, webhooks/ and the edges` }));
        visit(source.ast, (node) => {
          if (ts.isCallExpression(node) && /^(globalThis\.)?fetch$/.test(node.expression.getText()))
            breaches.push({ path: source.path, line: lineOf(source, node), words: "calls fetch()" });
        });
        return breaches;
      }),
  broken: [
    ["engine/src/billing/usage/a.ts:1", { "engine/src/billing/usage/a.ts": 'import { request } from "undici";' }],
    ["engine/src/billing/usage/a.ts:1", { "engine/src/billing/usage/a.ts": 'await fetch("https://example.com");' }],
  ],
};

const stores: Law = {
  says: "a store decides nothing: it imports no verb, read, errand, cache or route",
  check: (house) => {
    const kinds = new Map(house.sources.map((source) => [source.path, kindOf(source)]));
    return inRooms(house, "store").flatMap((source) =>
      source.imports.flatMap(({ target, line, typeOnly }) => {
        if (target === null || typeOnly || roomOf(target) === null) return [];
        const kind = kinds.get(target) ?? "noun";
        const fine = kind === "noun" || (kind === "store" && roomOf(target) === roomOf(source.path));
        return fine ? [] : [{ path: source.path, line, words: `a store imports the ${kind} ${target}` }];
      }),
    );
  },
  broken: [
    [
      "engine/src/billing/usage/store.ts:1",
      {
        "engine/src/billing/usage/store.ts": 'import { act } from "./act.ts";',
        "engine/src/billing/usage/act.ts": "export async function act(tx: Tx) {}",
      },
    ],
    [
      "engine/src/billing/usage/store.ts:1",
      { "engine/src/billing/usage/store.ts": 'import { find } from "../tenants/store.ts";', "engine/src/billing/tenants/store.ts": "" },
    ],
  ],
  kept: [
    {
      "engine/src/billing/usage/store.ts": 'import type { Act } from "./act.ts";',
      "engine/src/billing/usage/act.ts": "export async function act(tx: Tx) {}",
    },
  ],
};

const routes: Law = {
  says: "routes hold no SQL",
  check: (house) =>
    house.sources
      .filter((source) => kindOf(source) === "routes")
      .flatMap((source) => {
        const breaches = sqlTexts(source).map(({ line }) => ({ path: source.path, line, words: "SQL belongs in the store" }));
        visit(source.ast, (node) => {
          if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === "query")
            breaches.push({ path: source.path, line: lineOf(source, node), words: "asks the database itself: that belongs in the store" });
        });
        return breaches;
      }),
  broken: [
    ["engine/src/billing/usage/routes.ts:1", { "engine/src/billing/usage/routes.ts": 'const text = "select 1 from usage_events";' }],
    ["engine/src/events/routes.ts:1", { "engine/src/events/routes.ts": "const rows = await tx.query(TEXT);" }],
  ],
  kept: [
    {
      "engine/src/events/routes.ts":
        'const summary = "Delete a test clock"; const { query } = asked; const other = "with this key it was used before";',
    },
  ],
};

// Reads that need a statement of their own shape, and rows that lock each other, beside the store.
const SQL_ELSEWHERE: Exceptions = {
  "engine/src/billing/invoices/balance.ts": "the balance's entries and the lock that guards spending them, in one place",
  "engine/src/billing/invoices/billed.ts": "what cumulative rating subtracts: one statement and its shape",
  "engine/src/billing/invoices/sales-verify.ts": "a check of the books is its statement",
  "engine/src/billing/invoices/taxes-verify.ts": "a check of the books is its statement",
  "engine/src/billing/credits/verify.ts": "a check of the books is its statement",
  "engine/src/billing/invoices/verify.ts": "a check of the books is its statement",
  "engine/src/billing/payments/verify.ts": "a check of the books is its statement",
  "engine/src/billing/subscriptions/verify.ts": "a check of the books is its statement",
  "engine/src/billing/usage/verify.ts": "a check of the books is its statement",
};

const sqlInStores: Law = {
  says: "a room's SQL is in its store",
  check: (house) => {
    const excused = new Set<string>();
    const found = house.sources
      .filter((source) => roomOf(source.path) !== null && kindOf(source) !== "store" && kindOf(source) !== "routes")
      .flatMap((source) => {
        const texts = sqlTexts(source);
        if (texts.length > 0 && source.path in SQL_ELSEWHERE) excused.add(source.path);
        if (source.path in SQL_ELSEWHERE) return [];
        return texts.map(({ line }) => ({ path: source.path, line, words: "SQL belongs in store.ts (or a …-store.ts beside it)" }));
      });
    return [...found, ...needless(SQL_ELSEWHERE, excused, house)];
  },
  broken: [
    [
      "engine/src/billing/usage/act.ts:2",
      { "engine/src/billing/usage/act.ts": "export const act = (tx: Tx) =>\n  tx.query(`select 1 from usage_events`);" },
    ],
  ],
  kept: [{ "engine/src/billing/usage/rollup-store.ts": "export const read = (tx: Tx) => tx.query(`select 1 from usage_events`);" }],
};

export const KIND_LAWS = [nouns, actions, network, stores, routes, sqlInStores];
