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

const linesOf = (section: string) =>
  README.split(`## ${section}\n`)[1]!
    .split("\n## ")[0]!
    .split("\n")
    .filter((line) => /^(CLOCK=\$\()?bw (GET|PUT|POST) /.test(line));

test("ten lines of curl end in a bill", async () => {
  const lines = linesOf("Ten lines of curl");
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

test("and six more in an answer to who may", async () => {
  const answers: { remaining?: number; limit?: number }[] = [];
  for (const line of linesOf("May they?")) {
    const [, method, path = "", body] = LINE.exec(line) ?? [];
    expect(method, line).toBeDefined();
    answers.push(await world.must(method as "GET", `/v1${path}`, body));
  }
  expect(answers).toHaveLength(6);
  expect(answers.slice(-2)).toMatchObject([
    { has_access: true, limit: 600, remaining: 600 },
    { has_access: true, used: 30, remaining: 570, status: "accepted" },
  ]);
});
