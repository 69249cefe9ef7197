/** Secrets at rest: opened by the key that sealed them and for what they are the secret of, and by nothing else. */
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readConfig } from "./config.ts";
import { createSeal, KEY_FILE } from "./seal.ts";

const key = (byte: number) => Buffer.alloc(32, byte).toString("base64");
const sealOf = (env: Record<string, string>) => createSeal(readConfig(env));

test("a secret is opened by the key that sealed it, also when that is not the first any more", () => {
  const old = sealOf({ SECRETS_KEY: `old:${key(1)}` });
  const both = sealOf({ SECRETS_KEY: `new:${key(2)}, old:${key(1)}` });
  const sealed = old.close("whsec_x", "a");
  expect(both.open(sealed, "a")).toBe("whsec_x");
  expect(both.keyIds()).toEqual(["new", "old"]);
  expect(both.close("whsec_x", "a").keyId).toBe("new");
  expect(sealed.sealed.includes("whsec_x")).toBe(false);
  expect(old.close("whsec_x", "a").sealed.equals(sealed.sealed)).toBe(false);
});

test("nothing else opens it, and what went wrong is said without a word of the secret", () => {
  const seal = sealOf({ SECRETS_KEY: `one:${key(1)}` });
  const { keyId, sealed } = seal.close("whsec_x", "a");
  expect(() => seal.open({ keyId, sealed }, "b")).toThrow("the key one of SECRETS_KEY does not open a stored secret");
  expect(() => sealOf({ SECRETS_KEY: `one:${key(9)}` }).open({ keyId, sealed }, "a")).toThrow("it is not the key that sealed it");
  expect(() => sealOf({ SECRETS_KEY: `two:${key(1)}` }).open({ keyId, sealed }, "a")).toThrow("has no key with the id one");
  for (let at = 0; at < sealed.length; at++) {
    const forged = Buffer.from(sealed);
    forged[at]! ^= 1;
    expect(() => seal.open({ keyId, sealed: forged }, "a"), String(at)).toThrow("does not open");
  }
  for (const cut of [0, 5, 12, sealed.length - 1])
    expect(() => seal.open({ keyId, sealed: sealed.subarray(0, cut) }, "a")).toThrow("does not open");
});

test("a sandbox makes a key for itself, once, and readable by nobody else; a live engine does not", () => {
  const dataDir = mkdtempSync(join(tmpdir(), "bw-seal-"));
  try {
    const [first, second] = [sealOf({ BILLWRIGHT_DATA_DIR: dataDir }), sealOf({ BILLWRIGHT_DATA_DIR: dataDir })];
    expect(second.keyIds()).toEqual([]);
    const sealed = first.close("whsec_x", "a");
    expect(second.open(sealed, "a")).toBe("whsec_x");
    expect(statSync(join(dataDir, KEY_FILE)).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(dataDir, KEY_FILE), "utf8")).toContain(`${sealed.keyId}:`);
    expect(() => sealOf({ BILLWRIGHT_DATA_DIR: dataDir, BILLWRIGHT_MODE: "live" }).close("whsec_x", "a")).toThrow("SECRETS_KEY is not set");
  } finally {
    rmSync(dataDir, { recursive: true });
  }
});

test.each(["x", "one:", `one:${key(1).slice(4)}`, `One:${key(1)}`, `:${key(1)}`, `a:${key(1)},a:${key(2)}`])(
  "SECRETS_KEY=%s stops the start",
  (text) => {
    expect(() => readConfig({ SECRETS_KEY: text })).toThrow("SECRETS_KEY");
    // What may be a key is not printed.
    expect(() => readConfig({ SECRETS_KEY: `one:${key(1).slice(4)}` })).not.toThrow(key(1).slice(4, 20));
  },
);
