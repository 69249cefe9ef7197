/** What every statement must say of tenants, of time and of numbers. Tables are read from the migrations. */
import ts from "typescript";
import { type House, lineOf, visit } from "./house.ts";
import { type Breach, type Exceptions, type Law, needless } from "./law.ts";
import { type SqlText, sqlTexts } from "./sql-texts.ts";

/** Tables with a column that says whose a row is. */
export function tenantTables(house: House): Set<string> {
  const tables = new Set<string>();
  for (const [path, text] of house.files) {
    if (!/^engine\/migrations\/.*\.sql$/.test(path)) continue;
    for (const [, name, columns] of text.matchAll(/create table (?:if not exists )?(\w+) \(([\s\S]*?)\n\)/g)) {
      if (/^\s*tenant_(id|no)\b/m.test(columns!)) tables.add(name!);
    }
  }
  return tables;
}

function eachText(house: House, look: (text: SqlText) => string | null): Breach[] {
  return house.sources
    .filter(({ path }) => path.startsWith("engine/src/"))
    .flatMap((source) =>
      sqlTexts(source).flatMap((text) => {
        const words = look(text);
        return words === null ? [] : [{ path: source.path, line: text.line, words }];
      }),
    );
}

const NEEDLESS_SCOPE = /\/\*\s*(all tenants|no tenant):\s*[^\s*]/;

/** The part of a statement where a tenant's column scopes it: what is listed in a select or set in an update does not. */
function scopeOf(text: string): string {
  const bare = text.replace(/\/\*[\s\S]*?\*\//g, " ").trim();
  if (bare.startsWith("select")) return bare.slice(Math.max(bare.search(/\sfrom\s/), 0));
  if (bare.startsWith("update")) return bare.slice(Math.max(bare.search(/\s(from|where)\s/), 0));
  return bare;
}

/** COPY has no text of a statement: its list of columns must say whose the rows are. */
function eachCopy(house: House, tables: ReadonlySet<string>): Breach[] {
  return house.sources
    .filter(({ path }) => path.startsWith("engine/src/"))
    .flatMap((source) => {
      const breaches: Breach[] = [];
      visit(source.ast, (node) => {
        if (!ts.isCallExpression(node) || !/(^|\.)copy(Into)?$/.test(node.expression.getText())) return;
        const at = node.arguments.findIndex((one) => ts.isStringLiteral(one) && tables.has(one.text));
        if (at < 0) return;
        const named = node.arguments[at + 1]?.getText() ?? "";
        const declared = new RegExp(`const ${named.replace(/\W/g, "")}\\b[^=]*=([^;]*);`).exec(source.text)?.[1] ?? "";
        if (/tenant_(id|no)/.test(named.startsWith("[") ? named : declared)) return;
        breaches.push({
          path: source.path,
          line: lineOf(source, node),
          words: "copies rows into a tenant's table without tenant_id or tenant_no",
        });
      });
      return breaches;
    });
}

const MIGRATION = {
  "engine/migrations/1.sql": "create table plans (\n  key text\n);\ncreate table invoices (\n  id text,\n  tenant_id text\n);",
};
const store = (text: string) => ({ ...MIGRATION, "engine/src/billing/invoices/store.ts": `const text =\n  \`${text}\`;` });

const tenants: Law = {
  says: "a statement on a tenant's table is scoped to its tenant, or says why not: /* all tenants: reason */, /* no tenant: reason */",
  check: (house) => {
    const tables = tenantTables(house);
    const texts = eachText(house, ({ text }) => {
      const touched = [...text.matchAll(/\b(?:from|into|update|join|using)\s+(\w+)/g)]
        .map((match) => match[1]!)
        .filter((name) => tables.has(name));
      if (touched.length === 0 || NEEDLESS_SCOPE.test(text) || /\btenant_(id|no)\b/.test(scopeOf(text))) return null;
      return `touches ${[...new Set(touched)].join(", ")} without tenant_id or tenant_no; scope it, or begin it with /* all tenants: reason */`;
    });
    return [...texts, ...eachCopy(house, tables)];
  },
  broken: [
    ["engine/src/billing/invoices/store.ts:2", store("select id, tenant_id from invoices where id = $1")],
    ["engine/src/billing/invoices/store.ts:2", store("update invoices set tenant_id = tenant_id where id = $1")],
    ["engine/src/billing/invoices/store.ts:2", store("/* all tenants: */ delete from invoices where id = $1")],
    ["engine/src/billing/invoices/store.ts:2", store("with a as (select 1) select * from plans join invoices on true")],
    [
      "engine/src/billing/invoices/store.ts:2",
      { ...MIGRATION, "engine/src/billing/invoices/store.ts": 'const COLUMNS = ["id"];\nawait tx.copy("invoices", COLUMNS, rows);' },
    ],
  ],
  kept: [
    {
      ...MIGRATION,
      "engine/src/billing/invoices/store.ts": 'const COLUMNS = ["id", "tenant_id"];\nawait tx.copy("invoices", COLUMNS, rows);',
    },
    store("select … from invoices where id = $1 and tenant_id = $2"),
    store("/* all tenants: the sweep works for everybody */ select id from invoices"),
    store("select key from plans"),
  ],
};

const REAL_TIME: Exceptions = {
  "engine/src/billing/payments/refund-store.ts": "leases of workers, as in the store of payments",
  "engine/src/billing/payments/store.ts": "leases of workers run in real time, by the one clock that all processes share: the database's",
  "engine/src/jobs/presence.ts": "how long a worker has held a job, by the clock that wrote when it took it",
  "engine/src/cli/doctor/database.ts": "says how far the database's clock is from this machine's, and how old a waiting job is by it",
};
const CLOCK =
  /\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\(|\b(current_(timestamp|date|time)|local(timestamp|time))\b/;

const clock: Law = {
  says: "SQL reads no clock: the instant of a write comes from commit",
  check: (house) => {
    const excused = new Set<string>();
    const found = eachText(house, ({ text }) =>
      CLOCK.test(text) ? "reads the database's clock; pass tx.now, or the engine's clock" : null,
    ).filter(({ path }) => {
      if (!(path in REAL_TIME)) return true;
      excused.add(path);
      return false;
    });
    return [...found, ...needless(REAL_TIME, excused, house)];
  },
  broken: [
    ["engine/src/billing/invoices/store.ts:2", store("update invoices set paid_at = now() where tenant_id = $1")],
    ["engine/src/billing/invoices/store.ts:2", store("select current_timestamp as at from plans")],
  ],
  kept: [store("select c.now_at from invoices c where tenant_id = $1")],
};

const FLOAT = /\b(double precision|float[48]?|real)\b/;

const floats: Law = {
  says: "SQL holds no floating point, in statements or in tables",
  check: (house) => [
    ...eachText(house, ({ text }) => (FLOAT.test(text) ? "uses a floating-point type; numeric and bigint are exact" : null)),
    ...[...house.files].flatMap(([path, text]) =>
      /^engine\/migrations\/.*\.sql$/.test(path)
        ? text.split("\n").flatMap((line, index) => {
            const bare = line.replace(/--.*$/, "");
            return FLOAT.test(bare) ? [{ path, line: index + 1, words: "has a floating-point column or value" }] : [];
          })
        : [],
    ),
  ],
  broken: [
    ["engine/src/billing/invoices/store.ts:2", store("select sum(amount)::float8 from invoices where tenant_id = $1")],
    ["engine/migrations/2.sql:1", { "engine/migrations/2.sql": "alter table invoices add column rate double precision;" }],
  ],
  kept: [{ "engine/migrations/2.sql": "alter table invoices add column rate numeric; -- never a float" }],
};

const remaining: Law = {
  says: "what is left of a grant is asked of credit_grants_now: the row of the grant that a wallet burns says what was left before",
  check: (house) =>
    eachText(house, ({ text }) =>
      /\bcredit_grants\b/.test(text) && /\bremaining\b/.test(text)
        ? "reads what is left of a grant from its row; ask credit_grants_now"
        : null,
    ),
  broken: [["engine/src/billing/invoices/store.ts:2", store("select remaining from credit_grants where tenant_id = $1")]],
  kept: [
    store("select remaining from credit_grants_now where tenant_id = $1"),
    store("select amount from credit_grants where tenant_id = $1"),
  ],
};

export const SQL_LAWS = [tenants, clock, floats, remaining];
