/** Sizes and names: what keeps the house calm to read. */
import { posix } from "node:path";
import ts from "typescript";
import { GENERATED, type House, nameOf, type Source } from "./house.ts";
import type { Breach, Law } from "./law.ts";
import { ORDER } from "./rooms.ts";

const MAX_LINES = 400;
const ASKED_LINES = 250;

function codeFiles(house: House): [path: string, text: string][] {
  return [...house.files].filter(([path]) => /\.(ts|tsx|mjs|js)$/.test(path) && !GENERATED.test(path));
}

function lines(text: string): number {
  return text.replace(/\n$/, "").split("\n").length;
}

/** Files that a reviewer should ask about; no breach. */
export function largeFiles(house: House): string[] {
  return codeFiles(house)
    .map(([path, text]) => ({ path, count: lines(text) }))
    .filter(({ count }) => count > ASKED_LINES && count <= MAX_LINES)
    .sort((a, b) => b.count - a.count)
    .map(({ path, count }) => `${count} ${path}`);
}

const sizes: Law = {
  says: `no file has more than ${MAX_LINES} lines`,
  check: (house) =>
    codeFiles(house).flatMap(([path, text]) =>
      lines(text) > MAX_LINES
        ? [{ path, line: MAX_LINES, words: `has ${lines(text)} lines; at most ${MAX_LINES}: it holds more than one thought` }]
        : [],
    ),
  broken: [["engine/src/a.ts:400", { "engine/src/a.ts": "//\n".repeat(401) }]],
  kept: [{ "engine/src/a.ts": "//\n".repeat(400), "sdk/src/api.gen.ts": "//\n".repeat(9_000) }],
};

const DRAWERS = new Set(["util", "utils", "helper", "helpers", "common", "manager", "managers", "misc", "shared", "v2", "lib"]);

const names: Law = {
  says: "names are kebab-case and say what is inside: no drawers, no versions, no barrels",
  check: (house) =>
    codeFiles(house).flatMap(([path]) => {
      const words: string[] = [];
      const stem = nameOf(path).replace(/\.(test|gen|d|config)?\.?(ts|tsx|mjs|js)$/, "");
      if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(stem)) words.push("is not named in kebab-case");
      if (/^index\./.test(nameOf(path)) && !path.startsWith("dashboard/"))
        words.push("is a barrel by its name: name the file for what it holds");
      const folders = posix.dirname(path).split("/");
      const drawer = [...folders, stem].find((part) => part.split("-").some((word) => DRAWERS.has(word)));
      if (drawer) words.push(`has "${drawer}" in its path, which names a drawer and no thought`);
      return words.map((word) => ({ path, line: 1, words: word }));
    }),
  broken: [
    ["engine/src/billing/usage/utils.ts:1", { "engine/src/billing/usage/utils.ts": "" }],
    ["engine/src/shared/a.ts:1", { "engine/src/shared/a.ts": "" }],
    ["engine/src/invoiceManager.ts:1", { "engine/src/invoiceManager.ts": "" }],
    ["engine/src/usage-v2.ts:1", { "engine/src/usage-v2.ts": "" }],
    ["engine/src/events/index.ts:1", { "engine/src/events/index.ts": "" }],
  ],
  kept: [{ "engine/src/line-periods.test.ts": "", "sdk/src/api.gen.ts": "" }],
};

const reexports: Law = {
  says: "no file only hands on what others export",
  check: (house) =>
    house.sources.flatMap((source): Breach[] => {
      if (!/^[a-z]+\/src\//.test(source.path)) return [];
      const { statements } = source.ast;
      const only =
        statements.length > 0 &&
        statements.every((one) => ts.isExportDeclaration(one) || ts.isImportDeclaration(one)) &&
        exportsAny(source);
      return only ? [{ path: source.path, line: 1, words: "only re-exports: import from where it is" }] : [];
    }),
  broken: [["engine/src/events/all.ts:1", { "engine/src/events/all.ts": 'export * from "./a.ts";\nexport { b } from "./b.ts";' }]],
  kept: [{ "engine/src/main.ts": 'import "./engine.ts";', "examples/a.ts": 'export { b } from "./b.ts";' }],
};

function exportsAny({ ast }: Source): boolean {
  return ast.statements.some((one) => ts.isExportDeclaration(one));
}

const readmes: Law = {
  says: "each room says on one page what it owns",
  check: (house) =>
    ORDER.map((room) => `engine/src/billing/${room}/README.md`).flatMap((path) => {
      const text = house.files.get(path);
      if (text === undefined) return [{ path, line: 1, words: "is missing" }];
      return lines(text) > 60 ? [{ path, line: 60, words: `has ${lines(text)} lines: a room's page is one screen` }] : [];
    }),
  broken: [["engine/src/billing/usage/README.md:1", { "engine/src/billing/usage/store.ts": "" }]],
};

export const SIZE_LAWS = [sizes, names, reexports, readmes];
