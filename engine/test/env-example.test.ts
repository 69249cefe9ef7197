/** `.env.example` lists what `config.ts` reads: no more, no less, and with the defaults. */
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { expect, test } from "vitest";
import { readClientConfig, readConfig } from "../src/config.ts";

const example = parseEnv(readFileSync(new URL("../../.env.example", import.meta.url), "utf8"));

/** The names that a reader asks an environment for. */
function namesRead(): string[] {
  const asked = new Set<string>();
  const spy = new Proxy<Record<string, string | undefined>>({}, { get: (_target, name) => void asked.add(String(name)) });
  readConfig(spy);
  readClientConfig({}, spy);
  return [...asked].sort();
}

test("it lists every variable that is read, and no other", () => {
  expect(Object.keys(example).sort()).toEqual(namesRead());
});

test("as it stands, it changes nothing", () => {
  expect(readConfig(example)).toEqual(readConfig({}));
  expect(readClientConfig({}, example)).toEqual(readClientConfig({}, {}));
});
