/** The README's tour does what it says: each of its lines is sent as it is written, only not by curl. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorld, type World } from "./world.ts";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const LINE = /^(?:CLOCK=\$\()?bw (GET|PUT|POST) (\S+)(?: '(.*?)')?(?: \| sed .*)?$/;

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

test("ten lines of curl end in a bill", async () => {
  const lines = README.split("\n").filter((line) => /^(CLOCK=\$\()?bw (GET|PUT|POST) /.test(line));
  expect(lines).toHaveLength(9);
  let clock = "";
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely by tests
  const answers = new Map<string, any>();
  for (const line of lines) {
    const [, method, path = "", body] = LINE.exec(line.replace("'$CLOCK'", clock).replace("$CLOCK", clock)) ?? [];
    expect(method, line).toBeDefined();
    const answer = await world.must(method as "GET", `/v1${path}`, body);
    if (line.startsWith("CLOCK=")) clock = answer.id;
    answers.set(`${method} ${path}`, answer);
  }
  expect(answers.get("POST /tenants/acme/upcoming-invoice").total).toBe(2_122);
  const [bill] = answers.get("GET /tenants/acme/invoices").items;
  expect(bill).toMatchObject({ total: 2_122, status: "paid", period_end: "2026-02-01T00:00:00Z" });
  expect(bill.lines[0]).toMatchObject({ amount: 222, quantity: 1_234.5, explain: { exact: 222.075 } });
});
