/** `billwright import` against a served engine: mapped, refused by line, killed and gone on with. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { runCommand } from "./terminal.ts";
import { createWorld, TEST_KEY, type World } from "./world.ts";

const MAP = "tenant_id=tenant,event=llm_request,at=ts,idempotency_key=id";
const HEAD = "id,ts,tenant,model,input_tokens";

let world: World;
let env: Record<string, string>;
let folder: string;
beforeAll(async () => {
  world = await createWorld({ config: { port: 0 } });
  env = { BILLWRIGHT_URL: await world.billing.listen(), BILLWRIGHT_API_KEY: TEST_KEY };
  await world.must("PUT", "/v1/meters/input_tokens", { event: "llm_request", aggregation: "sum", property: "input_tokens" });
});
afterAll(() => world.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "billwright-import-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

let tenants = 0;
/** A tenant of its own, so that tests count only what is theirs. */
async function newTenant(): Promise<string> {
  const id = `importer-${++tenants}`;
  const clock = await world.clock("2024-03-08T00:00:00Z");
  await world.must("PUT", `/v1/tenants/${id}`, { test_clock: clock.id });
  return id;
}

const rowsOf = (tenant: string, count: number) =>
  Array.from(
    { length: count },
    (_, index) => `e${index},2024-03-0${1 + (index % 7)}T0${index % 10}:00:00Z,${tenant},m-${index % 3},${index}`,
  );

function write(name: string, text: string | Buffer): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const run = (file: string, ...more: string[]) => runCommand(["import", file, "--map", MAP, "--json", ...more], env);

async function stored(tenant: string): Promise<{ events: number; tokens: string }> {
  const { items } = await world.must(
    "GET",
    `/v1/tenants/${tenant}/usage?meter=input_tokens&from=2024-03-01T00:00:00Z&to=2024-04-01T00:00:00Z&granularity=total`,
  );
  const count = await world.billing.ctx.pool.query(
    "select count(*)::int as n from usage_events e join tenants t on t.no = e.tenant_no where t.id = $1",
    [tenant],
  );
  return { events: count.rows[0].n, tokens: String(items[0]?.value ?? 0) };
}

describe("a file", () => {
  test("is recorded whole, and a second time changes nothing", async () => {
    const tenant = await newTenant();
    const file = write("usage.csv", [HEAD, ...rowsOf(tenant, 2_500)].join("\n"));
    const first = await run(file, "--batch", "400");
    expect([first.code, JSON.parse(first.out)]).toEqual([
      0,
      { rows: 2_500, accepted: 2_500, duplicates: 0, conflicts: 0, rejected: 0, rejected_file: null },
    ]);
    expect(existsSync(`${file}.import-state.json`)).toBe(false);
    expect(JSON.parse((await run(file)).out)).toMatchObject({ accepted: 0, duplicates: 2_500, conflicts: 0 });
    expect(await stored(tenant)).toEqual({ events: 2_500, tokens: String((2_500 * 2_499) / 2) });
  });

  test.each([
    ["zipped", "usage.csv.gz", (text: string) => gzipSync(text)],
    [
      "with a byte order mark, Windows line ends and quotes",
      "usage.csv",
      (text: string) => `\ufeff${text.replace("m-1", '"m,""1"""').replaceAll("\n", "\r\n")}\r\n`,
    ],
  ])("may be %s", async (_name, name, encode) => {
    const tenant = await newTenant();
    const file = write(name, encode([HEAD, ...rowsOf(tenant, 50)].join("\n")));
    expect((await run(file)).code).toBe(0);
    expect((await stored(tenant)).events).toBe(50);
  });

  test("without a key column is counted once however often it is given", async () => {
    const tenant = await newTenant();
    const file = write("usage.csv", [HEAD, ...rowsOf(tenant, 30)].join("\n"));
    const args = [
      "import",
      file,
      "--map",
      "tenant_id=tenant,event=llm_request",
      "--map",
      "at=ts,properties.input_tokens=input_tokens",
      "--json",
    ];
    expect(JSON.parse((await runCommand(args, env)).out).accepted).toBe(30);
    expect(JSON.parse((await runCommand(args, env)).out).duplicates).toBe(30);
  });

  test("of NDJSON is taken as it stands, or mapped", async () => {
    const tenant = await newTenant();
    const event = (n: number) =>
      JSON.stringify({ tenant_id: tenant, event: "llm_request", at: "2024-03-02T00:00:00Z", properties: { input_tokens: n } });
    const plain = write("usage.ndjson", `${event(1)}\n\n${event(2)}\n`);
    expect(JSON.parse((await runCommand(["import", plain, "--json"], env)).out).accepted).toBe(2);
    const other = write(
      "other.jsonl",
      `${JSON.stringify({ id: "x", ts: "2024-03-02T00:00:00Z", tenant, input_tokens: 4, deep: { a: 1 } })}\n`,
    );
    expect(JSON.parse((await run(other)).out).accepted).toBe(1);
    expect(await stored(tenant)).toEqual({ events: 3, tokens: "7" });
  });
});

describe("rows that are wrong", () => {
  test("are told by line and reason, the others stored; mended, they go in", async () => {
    const tenant = await newTenant();
    const rows = rowsOf(tenant, 300);
    rows[1] = `e1,2024-03-01T00:00:00Z,nobody,m,1`;
    rows[120] = `e120,2024-03-01T00:00:00Z,${tenant},m,many`;
    rows[121] = `e121,yesterday,${tenant},"two\nlines",1`;
    rows[122] = `e122,2024-03-01T00:00:00Z,${tenant},m`;
    rows[200] = `e200,,${tenant},m,1`;
    const file = write("usage.csv", [HEAD, ...rows].join("\n"));
    const { code, out, err } = await run(file, "--batch", "64");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ rows: 300, accepted: 295, rejected: 5 });
    const rejected = join(folder, "usage.rejected.csv");
    expect(err).toContain(rejected);
    expect(readFileSync(rejected, "utf8").trimEnd().split("\n")).toEqual([
      `import_line,import_reason,${HEAD}`,
      "3,tenant_id names no tenant,e1,2024-03-01T00:00:00Z,nobody,m,1",
      expect.stringMatching(/^122,"?properties\.input_tokens .*,many$/),
      expect.stringMatching(/^123,"?at must be an instant.*"two$/),
      'lines",1',
      expect.stringMatching(/^125,"has 4 columns, the header has 5",e122,/),
      expect.stringMatching(/^203,at: the column is empty,e200,/),
    ]);
    const mended = readFileSync(rejected, "utf8")
      .replace("nobody", tenant)
      .replace(",many", ",120")
      .replace("yesterday", "2024-03-01T00:00:00Z");
    const again = await run(write("mended.csv", mended));
    expect(JSON.parse(again.out)).toMatchObject({ rows: 5, accepted: 3, rejected: 2 });
    expect((await stored(tenant)).events).toBe(298);
  });

  test("of a batch that does not say which are found by halving", async () => {
    const tenant = await newTenant();
    const rows = rowsOf(tenant, 16);
    const asked: number[] = [];
    const blind: typeof fetch = async (url, init) => {
      const events = JSON.parse(String(init?.body)) as { idempotency_key: string }[];
      asked.push(events.length);
      if (!events.some((event) => event.idempotency_key === "e5")) return fetch(url, init);
      return Response.json({ code: "invalid_request", detail: "one of them is wrong" }, { status: 422 });
    };
    const file = write("usage.csv", [HEAD, ...rows].join("\n"));
    const { out } = await runCommand(["import", file, "--map", MAP, "--json"], env, { fetch: blind });
    expect(JSON.parse(out)).toMatchObject({ accepted: 15, rejected: 1 });
    expect(readFileSync(join(folder, "usage.rejected.csv"), "utf8")).toContain("7,one of them is wrong,e5,");
    expect(asked.length).toBeLessThanOrEqual(9);
  });
});

describe("an import that is ended", () => {
  test("goes on where it was, and neither counts nor rejects twice", async () => {
    const tenant = await newTenant();
    const rows = rowsOf(tenant, 1_000);
    for (const bad of [10, 450, 460, 900]) rows[bad] = `e${bad},2024-03-01T00:00:00Z,nobody,m,1`;
    const file = write("usage.csv", [HEAD, ...rows].join("\n"));
    let left = 6;
    const dying: typeof fetch = (url, init) =>
      left-- > 0 ? fetch(url, init) : Promise.resolve(Response.json({ code: "forbidden", detail: "gone" }, { status: 403 }));
    const args = ["import", file, "--map", MAP, "--json", "--batch", "100", "--concurrency", "3"];
    const ended = await runCommand(args, env, { fetch: dying });
    expect([ended.code, ended.out, ended.err]).toEqual([1, "", expect.stringMatching(/the same command again goes on/)]);
    const state = JSON.parse(readFileSync(`${file}.import-state.json`, "utf8"));
    expect(state.line).toBeGreaterThan(100);
    expect(state.line).toBeLessThan(1_000);

    const more: number[] = [];
    const counting: typeof fetch = (url, init) => {
      more.push(JSON.parse(String(init?.body)).length);
      return fetch(url, init);
    };
    const second = await runCommand(args, env, { fetch: counting });
    expect(second.err).toMatch(/Going on after line/);
    expect(JSON.parse(second.out)).toMatchObject({ rows: 1_000, rejected: 4 });
    expect(more.reduce((sum, count) => sum + count, 0)).toBeLessThan(1_000);
    const rejected = readFileSync(join(folder, "usage.rejected.csv"), "utf8").trimEnd().split("\n");
    expect(rejected.slice(1).map((line) => line.split(",")[0])).toEqual(["12", "452", "462", "902"]);
    expect((await stored(tenant)).events).toBe(996);
  });

  test("begins anew for another mapping or another file", async () => {
    const tenant = await newTenant();
    const file = write("usage.csv", [HEAD, ...rowsOf(tenant, 10)].join("\n"));
    writeFileSync(`${file}.import-state.json`, JSON.stringify({ identity: "other", line: 9, counts: {}, rejectedBytes: 0 }));
    expect(JSON.parse((await run(file)).out)).toMatchObject({ rows: 10, accepted: 10 });
  });
});

describe("is refused with what to do", () => {
  const cases: [string, string[], RegExp][] = [
    ["no mapping", [], /--map tenant_id=/],
    ["no event", ["--map", "tenant_id=tenant"], /where event comes from/],
    ["a column that is not there", ["--map", "tenant_id=tenannt,event=e"], /no column tenannt.*id, ts, tenant/],
    ["a field that is none", ["--map", "customer=tenant"], /--map customer/],
    ["a batch of nothing", ["--map", MAP, "--batch", "0"], /from 1 to 10000/],
  ];
  test.each(cases)("%s", async (_name, args, words) => {
    const file = write("usage.csv", `${HEAD}\n`);
    const { code, err } = await runCommand(["import", file, ...args], env);
    expect([code, err]).toEqual([1, expect.stringMatching(words)]);
  });

  test("no file, no key, no engine", async () => {
    expect((await run(join(folder, "none.csv"))).err).toMatch(/cannot be read/);
    const file = write("usage.csv", `${HEAD}\n${rowsOf("x", 1)[0]}\n`);
    expect((await runCommand(["import", file, "--map", MAP], { BILLWRIGHT_URL: env.BILLWRIGHT_URL! })).err).toMatch(/BILLWRIGHT_API_KEY/);
    const refused = await runCommand(["import", file, "--map", MAP], { ...env, BILLWRIGHT_API_KEY: "bw_test_wrong_key_0123" });
    expect([refused.code, refused.err]).toEqual([1, expect.stringMatching(/does not allow/)]);
  });
});
