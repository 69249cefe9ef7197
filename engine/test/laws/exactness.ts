/** What the code may not read, reckon with or believe: clocks, environments, floating point, casts. */
import ts from "typescript";
import { type House, lineOf, roomOf, type Source, visit } from "./house.ts";
import { type Breach, type Exceptions, type Law, needless } from "./law.ts";

type Look = (node: ts.Node) => string | null;

function look(house: House, wanted: (source: Source) => boolean, at: Look, exceptions: Exceptions = {}): Breach[] {
  const excused = new Set<string>();
  const found = house.sources.filter(wanted).flatMap((source) => {
    const breaches: Breach[] = [];
    visit(source.ast, (node) => {
      const words = at(node);
      if (words !== null) breaches.push({ path: source.path, line: lineOf(source, node), words });
    });
    if (!(source.path in exceptions)) return breaches;
    if (breaches.length > 0) excused.add(source.path);
    return [];
  });
  return [...found, ...needless(exceptions, excused, house)];
}

/** The text of what is called, without white space: `Math.round`. */
function called(node: ts.Node): string | null {
  return ts.isCallExpression(node) ? node.expression.getText().replace(/\s/g, "") : null;
}

const CLOCKS: Exceptions = {
  "engine/src/clock.ts": "the reader itself",
};

const clock: Law = {
  says: "the real time is read in clock.ts only",
  check: (house) =>
    look(
      house,
      ({ path }) => path.startsWith("engine/src/"),
      (node) => {
        const reads = /^(Date\.now|performance\.now|process\.hrtime(\.bigint)?|process\.uptime|Temporal\.Now\.\w+)$/.exec(
          called(node) ?? "",
        );
        if (reads) return `reads the clock by ${reads[1]}(); instants come from tx.now or ctx.clock, spans of time from stopwatch()`;
        const bare = ts.isNewExpression(node) && node.expression.getText() === "Date" && (node.arguments?.length ?? 0) === 0;
        if (bare || called(node) === "Date") return "reads the clock by Date without an argument";
        return null;
      },
      CLOCKS,
    ),
  broken: [
    ["engine/src/jobs/a.ts:1", { "engine/src/jobs/a.ts": "const at = Date.now();" }],
    ["engine/src/jobs/a.ts:1", { "engine/src/jobs/a.ts": "const at = new Date();" }],
    ["engine/src/jobs/a.ts:2", { "engine/src/jobs/a.ts": "\nconst at = Temporal.Now.instant();" }],
    ["engine/src/clock.ts:1", { "engine/src/clock.ts": "export const clock = null;" }],
  ],
  kept: [{ "engine/src/jobs/a.ts": "const at = new Date(0); // not Date.now()" }],
};

// Some of these read the environment of a child or of the machine, not settings.
const ENVIRONMENT: Exceptions = {
  "engine/src/config.ts": "the reader itself",
  "engine/src/db/embedded/processes.ts": "hands PATH on to PostgreSQL's own programs; no setting",
  "engine/src/cli/terminal.ts": "hands NO_COLOR and the like to what is printed; no setting of the engine",
};

const environment: Law = {
  says: "the environment is read in config.ts only",
  check: (house) =>
    look(
      house,
      ({ path }) => /^(engine|sdk|dashboard)\/src\//.test(path),
      (node) =>
        ts.isPropertyAccessExpression(node) && node.getText().replace(/\s/g, "") === "process.env"
          ? "reads the environment; add the variable to config.ts and .env.example"
          : null,
      ENVIRONMENT,
    ),
  broken: [
    ["engine/src/jobs/a.ts:1", { "engine/src/jobs/a.ts": "const url = process.env.REDIS_URL;" }],
    ["sdk/src/a.ts:1", { "sdk/src/a.ts": "const { KEY } = process.env;" }],
  ],
  kept: [{ "engine/src/jobs/a.ts": "// process.env is read in config.ts\nconst env = 1;", "bench/a.ts": "process.env.X;" }],
};

// Number() in billing/ makes a floating-point number of a text: right for counts and calendars, wrong for money and quantities.
const COUNTS: Exceptions = {
  "engine/src/billing/credits/top-up.ts": "a count of packs, which are whole",
  "engine/src/billing/catalog/price.ts": "free_events is a whole number of events",
  "engine/src/billing/money/decimal.ts": "minorJson keeps a number only where it is exact",
  "engine/src/billing/money/allocate.ts": "the count of units left over, below the number of parts",
  "engine/src/billing/usage/store.ts": "the place of an event in its batch",
  "engine/src/billing/usage/partial.ts": "counts of events, and microseconds since 1970",
  "engine/src/billing/usage/quantity.ts": "counts of events",
  "engine/src/billing/usage/list-events.ts": "microseconds since 1970, of rows and in cursors",
  "engine/src/billing/usage/read-usage.ts": "instants and places in cursors",
  "engine/src/billing/invoices/trace-line.ts": "microseconds since 1970",
  "engine/src/billing/invoices/quote.ts": "a number of seats, which the schema bounds",
  "engine/src/billing/invoices/quote-consumption.ts": "a number of seats, compared with what it was made of",
  "engine/src/billing/payments/bank-day.ts": "days, months and years of at most four digits",
  "engine/src/billing/time/duration.ts": "parts of an ISO 8601 duration",
};

const floats: Law = {
  says: "no floating point and no rounding of its own in billing/: exact amounts are rounded by roundMinor, once",
  check: (house) => [
    ...look(house, inBilling, (node) => {
      const name = called(node);
      if (name === "Math.round" || name === "Math.fround") return `${name}() rounds a float; an exact amount is rounded by roundMinor`;
      if (name !== null && /(^|\.)parseFloat$/.test(name)) return "parseFloat() loses digits; parseDecimal keeps them";
      if (name !== null && /\.(toFixed|toPrecision)$/.test(name) && (node as ts.CallExpression).arguments.length > 0) {
        return `${name.split(".").at(-1)}() with digits rounds; only big.js's toFixed() without digits is exact`;
      }
      if (name !== null && /\.toNumber$/.test(name)) return "toNumber() loses digits";
      if (ts.isNumericLiteral(node) && /^\d*\.\d|e-/i.test(node.getText())) return `${node.getText()} is a float; write decimal("…")`;
      return null;
    }),
    ...look(
      house,
      inBilling,
      (node) => (called(node) === "Number" ? "Number() may lose digits; of a count, add the file to the exceptions with its reason" : null),
      COUNTS,
    ),
  ],
  broken: [
    ["engine/src/billing/invoices/a.ts:1", { "engine/src/billing/invoices/a.ts": "const total = Math.round(amount * rate);" }],
    ["engine/src/billing/invoices/a.ts:1", { "engine/src/billing/invoices/a.ts": "const total = amount.toFixed(2);" }],
    ["engine/src/billing/invoices/a.ts:2", { "engine/src/billing/invoices/a.ts": "\nconst total = Number(row.amount);" }],
    ["engine/src/billing/invoices/a.ts:1", { "engine/src/billing/invoices/a.ts": "const total = parseFloat(row.amount);" }],
    ["engine/src/billing/invoices/a.ts:1", { "engine/src/billing/invoices/a.ts": "const tax = 0.2;" }],
  ],
  kept: [{ "engine/src/billing/invoices/a.ts": "const text = amount.toFixed(); const days = Math.floor(at / DAY);" }],
};

const EDGES = /^engine\/src\/(gateways|processors|webhooks)\//;

const casts: Law = {
  says: "nothing is cast where vendors' words come in: what they say is narrowed by looking at it",
  check: (house) =>
    look(
      house,
      ({ path }) => EDGES.test(path),
      (node) => {
        if (ts.isTypeAssertionExpression(node)) return `casts to ${node.type.getText()}; look at the value and narrow it`;
        if (!ts.isAsExpression(node) || node.type.getText() === "const") return null;
        return `casts by as ${node.type.getText()}; look at the value and narrow it (isRecord, itemsIn, record), or type what it comes from`;
      },
    ),
  broken: [
    ["engine/src/gateways/stripe/a.ts:1", { "engine/src/gateways/stripe/a.ts": "const a = b as unknown as Json;" }],
    ["engine/src/processors/stripe/a.ts:2", { "engine/src/processors/stripe/a.ts": "\nconst a = <Json>b;" }],
    ["engine/src/webhooks/inbound/a.ts:1", { "engine/src/webhooks/inbound/a.ts": "f((error as Error).message);" }],
  ],
  kept: [
    {
      "engine/src/gateways/a.ts": 'const STATES = ["open", "paid"] as const; // as Json\nconst b = { a: 1 } satisfies Json;',
      "engine/src/billing/invoices/a.ts": "const a = b as Json;",
    },
  ],
};

function inBilling({ path }: Source): boolean {
  return roomOf(path) !== null;
}

export const EXACTNESS_LAWS = [clock, environment, floats, casts];
