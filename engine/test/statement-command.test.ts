/** `billwright statement import` against a served engine. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "./terminal.ts";
import { createWorld, TEST_KEY, type World } from "./world.ts";

let world: World;
let folder: string;
let env: Record<string, string>;
beforeAll(async () => {
  world = await createWorld({ config: { port: 0 } });
  env = { BILLWRIGHT_URL: await world.billing.listen(), BILLWRIGHT_API_KEY: TEST_KEY };
  folder = await mkdtemp(join(tmpdir(), "billwright-statement-"));
  await world.must("PUT", "/v1/tenants/acme", { name: "Acme Traders", currency: "inr" });
  const body = { description: "Work", amount: 500_000, invoice: "own", collection: "send_invoice" };
  await world.must("POST", "/v1/tenants/acme/invoice-items", body);
});
afterAll(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});

async function imported(text: string | Buffer, ...more: string[]) {
  const file = join(folder, "february.csv");
  await writeFile(file, text);
  return runCommand(["statement", "import", file, "--currency", "inr", ...more], env);
}

test("prints what each row may pay, and what was known before", async () => {
  const rows = 'Date,Narration,Deposit\n01/02/2026,ACME TRADERS,"5,000.00"\n02/02/2026,CASH,10.00\n';
  const { out, err, code } = await imported(rows);
  expect([err, code]).toEqual(["", 0]);
  expect(out).toMatch(/^stmt_\w+: 2 of 2 rows brought money, 0 of them known before\.\n/);
  expect(out).toMatch(/2 {2}2026-02-01 +5,000\.00 INR +ACME TRADERS +INV-\d{4}-000001 of acme +medium: amount, tenant name, tenant id\n/);
  expect((await imported(rows)).out).toMatch(/2 of 2 rows brought money, 2 of them known before\.\n$/);
});

test("says which line cannot be read", async () => {
  expect(await imported("Date,Deposit\n01/02/2026,many\n")).toMatchObject({ code: 1, err: expect.stringContaining("line 2") as string });
  const latin = await imported(Buffer.from("Date,Deposit\nM\xfcller,5\n", "latin1"));
  expect([latin.code, latin.err]).toEqual([1, expect.stringContaining("line 2 is not UTF-8")]);
  const none = await runCommand(["statement", "import", join(folder, "none.csv")], env);
  expect([none.code, none.err]).toEqual([1, expect.stringContaining("cannot be read")]);
});
