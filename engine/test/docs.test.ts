/** What the code cites of the pages in docs/ is there, and the page of the HTTP API names the routes that there are. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ERROR_CODES } from "../src/errors.ts";
import { readHouse } from "./laws/house.ts";

const ROOT = new URL("../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), "utf8");
const house = readHouse();

/** `3`, and `3.2` for the second point of section 3. */
function sectionsOf(page: string): Set<string> {
  const found = new Set<string>();
  let section = "";
  for (const line of page.split("\n")) {
    section = /^## (\d+)\. /.exec(line)?.[1] ?? section;
    const point = /^(\d+)\. /.exec(line)?.[1];
    if (section !== "") found.add(point === undefined ? section : `${section}.${point}`);
  }
  return found;
}

test("every section of the domain that is cited is there", () => {
  const sections = sectionsOf(read("docs/domain.md"));
  const cited = [...house.files].flatMap(([path, text]) =>
    [...text.matchAll(/domain §([\d.]*\d)/g)].map((match) => [path, match[1]!] as const),
  );
  expect(cited.length).toBeGreaterThan(10);
  expect(cited.filter(([, section]) => !sections.has(section))).toEqual([]);
});

test("every page that is cited is there", () => {
  const cited = [...house.files].flatMap(([path, text]) =>
    [...text.matchAll(/\bdocs\/[\w/-]+\.md\b/g)].map((match) => [path, match[0]] as const),
  );
  expect(cited.length).toBeGreaterThan(4);
  expect(cited.filter(([, page]) => !existsSync(fileURLToPath(new URL(page, ROOT))))).toEqual([]);
});

test("the page of the HTTP API names every route, no other, and every error code", () => {
  const page = read("docs/http-api.md");
  const { paths } = JSON.parse(read("engine/openapi.json")) as { paths: Record<string, Record<string, unknown>> };
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const named = [...page.matchAll(/`((?:GET|PUT|POST|PATCH|DELETE) \/v1\/[^`]*)`/g)].map((match) => match[1]!);
  expect(named.sort()).toEqual(routes.filter((route) => route.includes("/v1/")).sort());
  expect(ERROR_CODES.filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
});
