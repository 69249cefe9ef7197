/** Who may know whom: rooms from top to bottom, the spine around them, the packages. */
import { type House, type Import, nameOf, roomOf, type Source } from "./house.ts";
import type { Breach, Law } from "./law.ts";

/** From the top: a room knows only those after it. `money` and `time` are the ground, side by side. */
export const ORDER = ["entitlements", "subscriptions", "invoices", "payments", "credits", "usage", "tenants", "catalog", "money", "time"];
const GROUND = ["money", "time"];

function check(house: House, look: (source: Source, found: Import) => string | null): Breach[] {
  return house.sources.flatMap((source) =>
    source.imports.flatMap((found) => {
      const words = look(source, found);
      return words === null ? [] : [{ path: source.path, line: found.line, words }];
    }),
  );
}

const downwards: Law = {
  says: "a room imports only rooms below it",
  check: (house) =>
    check(house, (source, { target }) => {
      const from = roomOf(source.path);
      const to = target === null ? null : roomOf(target);
      if (from === null || to === null || from === to) return null;
      if (!ORDER.includes(from)) return `the room ${from} is none of ${ORDER.join(", ")}`;
      if (GROUND.includes(from)) return GROUND.includes(to) ? null : `${from} is the ground and imports no room, but imports ${to}`;
      if (ORDER.indexOf(to) > ORDER.indexOf(from)) return null;
      return `${from} lies below ${to} and may not import it: emit an event, and let reactions.ts wake the action`;
    }),
  broken: [
    [
      "engine/src/billing/payments/a.ts:1",
      { "engine/src/billing/payments/a.ts": 'import type { Invoice } from "../invoices/invoice.ts";' },
    ],
    ["engine/src/billing/catalog/a.ts:2", { "engine/src/billing/catalog/a.ts": 'import "node:fs";\nexport { b } from "../usage/b.ts";' }],
    ["engine/src/billing/money/a.ts:1", { "engine/src/billing/money/a.ts": 'const x = await import("../catalog/price.ts");' }],
    ["engine/src/billing/loyalty/a.ts:1", { "engine/src/billing/loyalty/a.ts": 'import "../money/amount.ts";' }],
  ],
  kept: [{ "engine/src/billing/invoices/a.ts": 'import "../payments/b.ts";\nimport "../time/c.ts";\nimport "./d.ts";' }],
};

const cycles: Law = {
  says: "no circle of imports between rooms, nor of run-time imports between files",
  check: (house) => {
    const rooms = new Map<string, Map<string, Breach>>();
    const files = new Map<string, Map<string, Breach>>();
    for (const source of house.sources) {
      for (const { target, line, typeOnly } of source.imports) {
        if (target === null) continue;
        const here = { path: source.path, line, words: "" };
        const [from, to] = [roomOf(source.path), roomOf(target)];
        if (from !== null && to !== null && from !== to) edge(rooms, from, to, here);
        if (!typeOnly && source.path !== target) edge(files, source.path, target, here);
      }
    }
    return [...circle(rooms), ...circle(files)];
  },
  broken: [
    [
      "engine/src/billing/money/a.ts:1",
      { "engine/src/billing/money/a.ts": 'import "../time/b.ts";', "engine/src/billing/time/b.ts": 'import "../money/c.ts";' },
    ],
    [
      "engine/src/http/a.ts:1",
      {
        "engine/src/http/a.ts": 'import "./b.ts";',
        "engine/src/http/b.ts": 'import "./c.ts";',
        "engine/src/http/c.ts": 'import "./a.ts";',
      },
    ],
  ],
  kept: [{ "engine/src/http/a.ts": 'import type { B } from "./b.ts";', "engine/src/http/b.ts": 'import "./a.ts";' }],
};

function edge(graph: Map<string, Map<string, Breach>>, from: string, to: string, where: Breach): void {
  const out = graph.get(from) ?? new Map<string, Breach>();
  if (!out.has(to)) out.set(to, where);
  graph.set(from, out);
}

/** The first circle that a walk in depth meets from each node not seen before. */
function circle(graph: Map<string, Map<string, Breach>>): Breach[] {
  const done = new Set<string>();
  const found: Breach[] = [];
  const walk = (node: string, trail: string[]): void => {
    if (trail.includes(node)) {
      const ring = [...trail.slice(trail.indexOf(node)), node];
      found.push({ ...graph.get(ring[0]!)!.get(ring[1]!)!, words: `is part of a circle: ${ring.join(" → ")}` });
      return;
    }
    if (done.has(node)) return;
    done.add(node);
    for (const next of graph.get(node)?.keys() ?? []) walk(next, [...trail, node]);
  };
  for (const node of graph.keys()) walk(node, []);
  return found;
}

// What of the engine around them the rooms may use. The rest (engine.ts, reactions.ts, gateways, webhooks, …) knows the rooms.
const SPINE =
  /^engine\/src\/(context|commit|errors|ids|lossless|outside)\.ts$|^engine\/src\/(db\/pool|auth\/principal|http\/json|http\/list)\.ts$/;
const SPINE_TYPES = /^engine\/src\/(clock|config)\.ts$|^engine\/src\/(events\/(append|types)|jobs\/(queue|task|names))\.ts$/;
// Of the clock, what measures spans and does not tell the time.
const TIMERS = new Set(["stopwatch", "sleep"]);
// What faces the wire: routes, and the shapes of what they take and answer.
const ON_THE_WIRE = /^engine\/src\/http\/(route|schema|validate)\.ts$|^engine\/src\/auth\/platform\.ts$/;
const WIRE_FILE = /(^|-)(routes|view|schema|answers|document)\.ts$/;

const spine: Law = {
  says: "a room knows of the engine around it only the spine; money and time not even that",
  check: (house) =>
    check(house, (source, { target, typeOnly, values }) => {
      const room = roomOf(source.path);
      if (room === null || target === null || roomOf(target) !== null) return null;
      if (GROUND.includes(room)) return `${room} is the ground and imports nothing of the engine, but imports ${target}`;
      if (SPINE.test(target) || (typeOnly && SPINE_TYPES.test(target))) return null;
      if (target === "engine/src/clock.ts" && values.length > 0 && values.every((name) => TIMERS.has(name))) return null;
      if (ON_THE_WIRE.test(target)) return WIRE_FILE.test(nameOf(source.path)) ? null : `${target} is for routes, views and schemas`;
      if (SPINE_TYPES.test(target)) return `of ${target} a room may use the types only`;
      return `${target} is not part of the spine that rooms may know`;
    }),
  broken: [
    ["engine/src/billing/time/a.ts:1", { "engine/src/billing/time/a.ts": 'import { run } from "../../db/pool.ts";' }],
    ["engine/src/billing/usage/a.ts:1", { "engine/src/billing/usage/a.ts": 'import { REACTIONS } from "../../reactions.ts";' }],
    ["engine/src/billing/usage/ingest.ts:1", { "engine/src/billing/usage/ingest.ts": 'import { route } from "../../http/route.ts";' }],
    ["engine/src/billing/usage/a.ts:1", { "engine/src/billing/usage/a.ts": 'import { systemClock } from "../../clock.ts";' }],
  ],
  kept: [
    {
      "engine/src/billing/usage/item-routes.ts": 'import { route } from "../../http/route.ts";',
      "engine/src/billing/usage/a.ts": 'import type { Clock } from "../../clock.ts";\nimport { type Tx } from "../../commit.ts";',
      "engine/src/billing/usage/cache.ts": 'import { stopwatch } from "../../clock.ts";',
    },
  ],
};

const packages: Law = {
  says: "packages meet at openapi.json: nobody outside the engine imports its source but its tests, bench and examples",
  check: (house) =>
    check({ ...house, sources: [...house.sources, ...house.tests] }, (source, { target, specifier }) => {
      const own = (part: string) => source.path.startsWith(part);
      if (target === null) {
        const reaches = /^billwright\/(src|dist)\//.test(specifier);
        return reaches ? `${specifier} reaches into the engine: use what it exports` : null;
      }
      if (own("engine/src/"))
        return target.startsWith("engine/src/") ? null : `the engine's source imports ${target}, which lies outside it`;
      if (!target.startsWith("engine/src/") || own("engine/") || own("bench/") || own("examples/")) return null;
      return `${target} is the engine's own: meet it at openapi.json`;
    }),
  broken: [
    ["sdk/src/a.ts:1", { "sdk/src/a.ts": 'import type { Plan } from "../../engine/src/billing/catalog/plan.ts";' }],
    ["dashboard/src/a.tsx:1", { "dashboard/src/a.tsx": 'import { x } from "billwright/src/ids.ts";' }],
    ["engine/src/a.ts:1", { "engine/src/a.ts": 'import "../test/world.ts";' }],
  ],
  kept: [{ "bench/a.ts": 'import "../engine/src/engine.ts";', "sdk/test/a.test.ts": 'import "../src/client.ts";' }],
};

const dependencies: Law = {
  says: "the engine and the client import only packages that they declare",
  check: (house) =>
    ["engine", "sdk"].flatMap((part) => {
      const manifest = JSON.parse(house.files.get(`${part}/package.json`) ?? "{}") as Record<string, Record<string, string> | undefined>;
      const declared = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies };
      return check(house, (source, { target, specifier }) => {
        if (!source.path.startsWith(`${part}/src/`) || target !== null || specifier.startsWith("node:")) return null;
        const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
        return name in declared ? null : `${name} is not among the dependencies of ${part}/package.json`;
      });
    }),
  broken: [
    ["engine/src/a.ts:1", { "engine/package.json": '{"dependencies":{"pg":"8"}}', "engine/src/a.ts": 'import _ from "lodash/fp";' }],
  ],
  kept: [{ "engine/package.json": '{"dependencies":{"pg":"8"}}', "engine/src/a.ts": 'import pg from "pg";\nimport "node:fs";' }],
};

export const ROOM_LAWS = [downwards, cycles, spine, packages, dependencies];
