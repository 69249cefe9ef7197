/** Everything is registered once: events in their list, routes in the engine, jobs with what enqueues them. */
import ts from "typescript";
import { type House, lineOf, type Source, visit } from "./house.ts";
import { functionsOf, kindOf } from "./kind.ts";
import type { Breach, Law } from "./law.ts";

const NOUN_VERB = /^[a-z]+\.[a-z_]+$/;

/** The strings that an expression may be, through `a ? "x" : "y"`. */
function strings(node: ts.Expression): ts.StringLiteral[] {
  if (ts.isStringLiteral(node)) return [node];
  if (ts.isConditionalExpression(node)) return [...strings(node.whenTrue), ...strings(node.whenFalse)];
  return ts.isParenthesizedExpression(node) ? strings(node.expression) : [];
}

function property(object: ts.Expression | undefined, name: string): ts.Expression | null {
  if (!object || !ts.isObjectLiteralExpression(object)) return null;
  const found = object.properties.find((one) => ts.isPropertyAssignment(one) && one.name.getText() === name);
  return found && ts.isPropertyAssignment(found) ? found.initializer : null;
}

function literalList(house: House, path: string, name: string): Set<string> {
  const source = house.sources.find((one) => one.path === path);
  const list = new Set<string>();
  if (source) {
    visit(source.ast, (node) => {
      if (ts.isVariableDeclaration(node) && node.name.getText() === name) {
        visit(node, (inner) => {
          if (ts.isStringLiteral(inner)) list.add(inner.text);
        });
      }
    });
  }
  return list;
}

function named(house: House, call: string, field: string, list: Set<string>, words: (text: string) => string): Breach[] {
  return house.sources
    .filter(({ path }) => path.startsWith("engine/src/"))
    .flatMap((source) => {
      const breaches: Breach[] = [];
      visit(source.ast, (node) => {
        if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression) || node.expression.name.text !== call) return;
        const value = property(node.arguments[0], field);
        for (const text of value ? strings(value) : []) {
          if (!list.has(text.text)) breaches.push({ path: source.path, line: lineOf(source, text), words: words(text.text) });
        }
      });
      return breaches;
    });
}

const events: Law = {
  says: "every event that is emitted stands in EVENT_TYPES, as noun.verb",
  check: (house) => {
    const known = literalList(house, "engine/src/events/types.ts", "EVENT_TYPES");
    const odd = [...known].filter((type) => !NOUN_VERB.test(type));
    return [
      ...named(house, "emit", "type", known, (type) => `emits ${type}, which is not in EVENT_TYPES`),
      ...odd.map((type) => ({ path: "engine/src/events/types.ts", line: 1, words: `${type} is not noun.verb` })),
    ];
  },
  broken: [
    [
      "engine/src/billing/usage/a.ts:1",
      {
        "engine/src/events/types.ts": 'export const EVENT_TYPES = ["a.b"] as const;',
        "engine/src/billing/usage/a.ts": 'const a = (tx: Tx) => tx.emit({ type: x ? "a.b" : "a.c" });',
      },
    ],
  ],
};

const jobs: Law = {
  says: "every job that is enqueued stands in JOB_NAMES",
  check: (house) => {
    const known = literalList(house, "engine/src/jobs/names.ts", "JOB_NAMES");
    return named(house, "enqueue", "name", known, (name) => `enqueues ${name}, which is not in JOB_NAMES`);
  },
  broken: [
    [
      "engine/src/billing/usage/a.ts:1",
      {
        "engine/src/jobs/names.ts": 'export const JOB_NAMES = ["renew"] as const;',
        "engine/src/billing/usage/a.ts": 'const a = (tx: Tx) => tx.enqueue({ name: "renewal" });',
      },
    ],
  ],
};

const routes: Law = {
  says: "every routes file is registered by engine.ts",
  check: (house) => {
    const calls = new Set<string>();
    for (const source of house.sources) {
      if (source.path !== "engine/src/engine.ts" && kindOf(source) !== "routes") continue;
      visit(source.ast, (node) => {
        if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) calls.add(node.expression.text);
      });
    }
    return house.sources
      .filter((source) => source.path.startsWith("engine/src/") && kindOf(source) === "routes")
      .flatMap((source) => unregistered(source, calls));
  },
  broken: [
    [
      "engine/src/events/routes.ts:1",
      {
        "engine/src/engine.ts": "export function registerRoutes(app: FastifyInstance) {\n  usageRoutes(app);\n}",
        "engine/src/events/routes.ts": "export function eventRoutes(app: FastifyInstance): void {}",
      },
    ],
  ],
};

function unregistered(source: Source, calls: Set<string>): Breach[] {
  return functionsOf(source)
    .filter(({ exported, first, name }) => exported && first.type === "FastifyInstance" && !calls.has(name))
    .map(({ node, name }) => ({
      path: source.path,
      line: lineOf(source, node),
      words: `${name} is called nowhere: add it to registerRoutes`,
    }));
}

export const REGISTRY_LAWS = [events, jobs, routes];
