/** `billwright catalog` and `billwright keys` against a served engine. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { sampleCatalog } from "./sample-catalog.ts";
import { runCommand } from "./terminal.ts";
import { createWorld, TEST_KEY, type World } from "./world.ts";

let world: World;
let env: Record<string, string>;
let folder: string;
beforeAll(async () => {
  world = await createWorld({ config: { port: 0 } });
  env = { BILLWRIGHT_URL: `${await world.billing.listen()}/`, BILLWRIGHT_API_KEY: TEST_KEY };
  folder = mkdtempSync(join(tmpdir(), "billwright-catalog-"));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await world.close();
});

const run = (...args: string[]) => runCommand(args, env);
function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

describe("a catalog file", () => {
  test("is compared, pushed, and then has no changes", async () => {
    const file = write("catalog.yaml", stringify(sampleCatalog()));
    const diff = await run("catalog", "diff", file, "--exit-code");
    expect([diff.code, diff.err]).toEqual([1, ""]);
    expect(diff.out).toMatch(/^\+ {2}meter {11}input_tokens\n/);
    expect(diff.out).toMatch(/\n12 new, 0 changed, 0 archived, 0 as they were\.\n$/);
    expect((await world.get("/v1/catalog")).body.plans).toEqual([]);
    expect((await run("catalog", "push", file)).code).toBe(0);
    const again = await run("catalog", "diff", file, "--exit-code");
    expect([again.code, again.out]).toEqual([0, "No changes: 12 things are as declared.\n"]);
  });

  test("says what changed of what, and the version that it makes", async () => {
    const catalog = sampleCatalog();
    catalog.plans[0].prices[0].amount = 1;
    catalog.plans[0].name = "Other";
    catalog.credit_products = [];
    catalog.features.push({ key: "sso", type: "boolean" });
    const file = write("catalog.json", JSON.stringify(catalog));
    expect((await run("catalog", "diff", file)).out).toBe(
      `+  feature         sso
~  plan            pro       name, prices (version 2)
-  credit product  pack_10k
1 new, 1 changed, 1 archived, 10 as they were.
`,
    );
    const json = JSON.parse((await run("catalog", "diff", file, "--json")).out);
    expect(json.changes).toContainEqual({ kind: "plan", key: "pro", action: "update", fields: ["name", "prices"], version: 2 });
  });

  test.each(["pulled.yaml", "pulled.json"])("is pulled as %s, and is what is there", async (name) => {
    const file = join(folder, name);
    expect((await run("catalog", "pull", file)).out).toBe(`Wrote ${file}.\n`);
    expect((await run("catalog", "diff", file, "--exit-code")).code).toBe(0);
    expect((await run("catalog", "pull", file)).err).toMatch(/--force/);
    expect((await run("catalog", "pull", file, "--force")).code).toBe(0);
  });

  test("may be TypeScript", async () => {
    await run("catalog", "pull", join(folder, "pulled.ts"));
    const engine = new URL("../src/billing/catalog/define-catalog.ts", import.meta.url).href;
    const file = write("typed.ts", readFileSync(join(folder, "pulled.ts"), "utf8").replace('"billwright"', JSON.stringify(engine)));
    expect(await run("catalog", "diff", file, "--exit-code")).toMatchObject({ code: 0, err: "" });
  });

  test("that is wrong is refused at its lines", async () => {
    const file = write(
      "wrong.yaml",
      `plans:
  - key: pro
    currency: usd
    prices:
      - key: base
        type: flat
        amount: -1
      - { key: tokens, type: usage, meter: nope }
`,
    );
    const schema = await run("catalog", "diff", file);
    expect([schema.code, schema.out]).toEqual([1, ""]);
    expect(schema.err).toContain(`${file}:7:9  plans[0].prices[0].amount  must be >= 0`);
    writeFileSync(file, readFileSync(file, "utf8").replace("-1", "1"));
    const rules = (await run("catalog", "push", file)).err.split("\n");
    expect(rules[0]).toBe("The engine refused the catalog; nothing was changed.");
    expect(rules).toContainEqual(expect.stringMatching(/wrong\.yaml:8:37 +plans\[0\]\.prices\[1\]\.meter +names no meter/));
    expect(rules).toContainEqual(expect.stringMatching(/wrong\.yaml:8:9 +plans\[0\]\.prices\[1\]\.unit_amount /));
  });

  test("keeps every digit of a price", async () => {
    const file = write(
      "digits.yaml",
      "plans: [{ key: p, currency: usd, prices: [{ key: u, type: seat, unit_amount: 0.123456789012345678 }] }]\n",
    );
    await run("catalog", "push", file);
    expect((await world.get("/v1/plans/p")).body.prices[0].unit_amount).toBe("0.123456789012345678");
  });

  test.each([
    ["broken.yaml", "plans: [\n", /broken\.yaml:\d+:\d+ /],
    ["twice.json", '{ "plans": [], "plans": [] }', /twice\.json:1:\d+ .*unique/],
    ["list.yaml", "- 1\n", /is no catalog/],
    ["text.txt", "", /\.yaml, \.yml, \.json, \.ts/],
    ["empty.ts", "export const a = 1;\n", /default export/],
  ])("%s is no catalog", async (name, text, words) => {
    const { code, err } = await run("catalog", "diff", write(name, text));
    expect([code, err]).toEqual([1, expect.stringMatching(words)]);
  });

  test("that is not there is said so", async () => {
    expect((await run("catalog", "diff", join(folder, "none.yaml"))).err).toMatch(/cannot be read/);
    expect(existsSync(join(folder, "none.yaml"))).toBe(false);
  });
});

test("keys are made, listed and revoked", async () => {
  const made = await run("keys", "create", "--name", "ci", "--scope", "billing.read", "usage.write");
  expect(made.err).toMatch(/shown this once/);
  const secret = made.out.trim();
  expect((await runCommand(["catalog", "pull"], { ...env, BILLWRIGHT_API_KEY: secret })).code).toBe(0);
  expect((await runCommand(["keys", "list"], { ...env, BILLWRIGHT_API_KEY: secret })).err).toMatch(/needs the scope admin/);
  const list = (await run("keys", "list")).out;
  const id = /^(key_\S+) +ci /m.exec(list)?.[1] ?? "";
  expect(list).not.toContain(secret);
  expect((await run("keys", "revoke", id)).out).toBe(`Revoked ${id} (ci).\n`);
  expect((await run("keys", "list")).out).toMatch(/ci .* revoked 20/);
  expect((await runCommand(["catalog", "pull"], { ...env, BILLWRIGHT_API_KEY: secret })).code).toBe(1);
  expect((await run("keys", "create", "--name", "x", "--scope", "root")).err).toMatch(/no scope root/);
});

test("an address that is none, and an engine that is away, are said so", async () => {
  expect((await runCommand(["keys", "list", "--url", "localhost"], env)).err).toMatch(/BILLWRIGHT_URL/);
  const away: typeof fetch = () => Promise.reject(Object.assign(new TypeError("fetch failed"), { cause: { code: "ENOTFOUND" } }));
  const asked = runCommand(["keys", "list"], env, { fetch: away });
  expect((await asked).err).toMatch(/cannot be reached: ENOTFOUND/);
});
