/** `billwright verify`: a lived-through world's books are right, and whatever a hand changes in them is found and named. */
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { backfillUsage } from "../src/billing/usage/backfill.ts";
import { askServer, databaseOn, SERVER_VARIABLE } from "./database.ts";
import { type Run, runCommand } from "./terminal.ts";
import { EDITS } from "./verify-edits.ts";
import { createWorld, type World } from "./world.ts";

const CATALOG = {
  meters: [
    { key: "tokens", event: "call", aggregation: "sum", property: "tokens", group_by: ["model"] },
    { key: "calls", event: "call", aggregation: "count" },
    { key: "users", event: "call", aggregation: "unique_count", property: "user" },
    { key: "level", event: "call", aggregation: "latest", property: "tokens" },
    { key: "stored", event: "call", aggregation: "weighted_sum", property: "tokens", recurring: true },
  ],
  plans: [
    {
      key: "pro",
      after_dunning: "keep",
      name: "Pro",
      currency: "usd",
      interval: "month",
      minimum_commitment: 20_000,
      prices: [
        { key: "base", type: "flat", amount: 2_900 },
        { key: "seats", type: "seat", unit_amount: "333.3", included: 1 },
        { key: "tokens", type: "usage", meter: "tokens", group_by: ["model"], unit_amount: "0.0125" },
        { key: "calls", type: "usage", meter: "calls", model: "package", package_size: 10, unit_amount: 7 },
      ],
    },
  ],
  coupons: [{ key: "ten", percent_off: 10, duration: "forever" }],
  tax_rates: [
    { key: "vat_de", kind: "vat", country: "DE", percent: 19 },
    { key: "vat_fr", kind: "vat", country: "FR", percent: 20, inclusive: true },
  ],
};
const TENANTS = ["acme", "globex", "hooli", "initech"];

let world: World;
beforeAll(async () => {
  // The card that is refused is tried once for each invoice, and its subscription stays: the story of retries is told elsewhere.
  world = await createWorld({ config: { dunningRetryDays: [] } });
  await live();
});
afterAll(() => world.close());

/** Three months: usage with decimals, late usage, a card that is refused, an invoice that is sent, one made by hand, a meter that came later. */
async function live(): Promise<void> {
  const clock = await world.clock("2026-01-10T00:00:00Z");
  await world.must("PUT", "/v1/catalog", CATALOG);
  for (const [index, id] of TENANTS.entries()) {
    await world.must("PUT", `/v1/tenants/${id}`, { test_clock: clock.id });
    if (id === "hooli") await world.must("POST", `/v1/tenants/${id}/payment-methods/setup-intent`, { token: "tok_declined" });
    const collection = id === "initech" ? "send_invoice" : "charge_automatically";
    await world.must("POST", `/v1/tenants/${id}/subscription`, { plan: "pro", seats: index + 1, collection });
  }
  for (const [month, day] of ["2026-01-20", "2026-02-20", "2026-03-20"].entries()) {
    await clock.to(`${day}T12:30:00Z`);
    const usage = TENANTS.flatMap((tenant) =>
      Array.from({ length: 25 }, (_, i) => ({
        tenant_id: tenant,
        event: "call",
        idempotency_key: `${month}-${i}`,
        at: `${day}T0${i % 9}:${10 + i}:00.5Z`,
        properties: { tokens: i * 1_000 + 0.25, user: `u${i % 7}`, ...(i % 3 === 0 ? {} : { model: i % 2 ? "large" : 'sm"all' }) },
      })),
    );
    await world.must("POST", "/v1/usage", usage);
  }
  // Came after its period was closed.
  const late = {
    tenant_id: "acme",
    event: "call",
    idempotency_key: "late",
    at: "2026-03-09T23:00:00Z",
    properties: { tokens: 90_000, user: "u1", model: "large" },
  };
  await world.must("POST", "/v1/usage", late);
  await world.must("PUT", "/v1/meters/late_meter", { event: "call", aggregation: "max", property: "tokens" });
  await backfillUsage(world.billing.ctx);
  await world.must("POST", "/v1/tenants/globex/invoices", { period_start: "2026-03-10T00:00:00Z", period_end: "2026-04-10T00:00:00Z" });
  await clock.to("2026-04-11T00:00:00Z");
  await liveOn(clock);
}

/** Whatever else becomes of subscriptions and invoices: taxes, discounts, changes, pauses, ends, one-off lines, credit notes, refunds. */
async function liveOn(clock: Awaited<ReturnType<World["clock"]>>): Promise<void> {
  const tenant = async (id: string, country: string | null, token?: string) => {
    await world.must("PUT", `/v1/tenants/${id}`, { test_clock: clock.id, currency: "usd", ...(country ? { address: { country } } : {}) });
    if (token) await world.must("POST", `/v1/tenants/${id}/payment-methods/setup-intent`, { token });
    const item = async (amount: number, fields: object = {}): Promise<string> =>
      (await world.must("POST", `/v1/tenants/${id}/invoice-items`, { description: "Work", amount, invoice: "own", ...fields })).invoice_id;
    const step = (name: string, body: object = {}) => world.must("POST", `/v1/tenants/${id}/subscription${name}`, body);
    return { item, step, url: `/v1/tenants/${id}` };
  };
  const credits = (id: string, path: string, body: object) => world.must("POST", `/v1/tenants/${id}/credits/${path}`, body);
  await credits("acme", "grants", { amount: 100, idempotency_key: "grant" });
  await credits("acme", "consume", { amount: "0.5" });
  await credits("acme", "holds", { amount: 10 });
  await credits("acme", "transfers", { to: "globex", amount: 5 });

  const sent = { collection: "send_invoice" };
  const act = (invoice: string, step: string, body: object = {}) => world.must("POST", `/v1/invoices/${invoice}/${step}`, body);

  const taxed = await tenant("taxed", "DE", "tok_visa");
  await world.must("POST", `${taxed.url}/discounts`, { coupon: "ten" });
  await taxed.item(999, { invoice: "next" });
  await taxed.step("", { plan: "pro", seats: 3 });
  await clock.to("2026-04-15T00:00:00Z");
  await world.must("PATCH", `${taxed.url}/subscription`, { seats: 1, proration: "invoice_now" });
  await world.must("PATCH", `${taxed.url}/subscription`, { seats: 7, proration: "next_invoice" });
  const offset = await taxed.item(10_000, sent);
  await act(offset, "credit-notes", { amount: 1_000, settle: "offset" });
  await act(offset, "pay");
  await act(offset, "refunds", { amount: 500 });
  await act(offset, "credit-notes", { amount: 100, settle: "balance" });
  // It takes the balance, and gives it back when it is voided.
  const voided = await taxed.item(50_000, sent);
  await act(voided, "void");
  await taxed.item(700, { invoice: "draft", ...sent });

  const contained = await tenant("contained", "FR", "tok_visa");
  await act(await contained.item(1_234, sent), "credit-notes", { amount: 617 });
  await act(await contained.item(555, sent), "uncollectible");

  const refused = await tenant("refused", null, "tok_refund_fails");
  await act(await refused.item(2_000), "pay").catch(() => null);

  const paused = await tenant("paused", null, "tok_visa");
  await paused.step("", { plan: "pro", seats: 2 });
  const ended = await tenant("ended", null, "tok_visa");
  await ended.step("", { plan: "pro", seats: 2 });
  await clock.to("2026-04-20T00:00:00Z");
  await act((await world.must("GET", `${refused.url}/invoices`)).items[0].id, "refunds", { amount: 300 });
  await paused.step("/pause");
  await ended.step("/cancel", { when: "now", refund_unused: true });
}

const verify = (...args: string[]): Promise<Run> => runCommand(["verify", ...args], { DATABASE_URL: world.billing.databaseUrl });

interface Report {
  ok: boolean;
  checks: {
    name: string;
    checked: number;
    wrong: number;
    named: { tenant_id: string | null; subject: string; expected: string; found: string }[];
  }[];
}

describe("the books of a lived-through world", () => {
  test("are right", async () => {
    const { out, code } = await verify("--usage", "all");
    expect(out).toMatch(/The books are right/);
    expect(out).not.toMatch(/wrong/);
    expect(code).toBe(0);
  });

  test("are looked at everywhere", async () => {
    const run = await verify("--json");
    expect(run.err).toBe("");
    const report = JSON.parse(run.out) as Report;
    expect(report.checks.filter(({ wrong }) => wrong > 0)).toEqual([]);
    const counts: Record<string, number> = Object.fromEntries(report.checks.map(({ name, checked }) => [name, checked]));
    expect(counts).toMatchObject({ "invoices.subtotal": 28, numbers: 33, "numbers.counter": 2, "subscriptions.live": 6 });
    // Credits, what is sold of them, disputes, money from outside and taxes of others are lived through in tests of their own.
    expect(Object.keys(counts).filter((name) => counts[name] === 0 && !/^(credits|sales|receipts|disputes|taxes)\./.test(name))).toEqual([
      "invoices.dunning",
    ]);
    expect(counts["usage.tokens"]).toBeGreaterThan(150);
  });

  test("of one tenant, without what runs through all of them", async () => {
    const report = JSON.parse((await verify("--tenant", "acme", "--json")).out) as Report;
    const counts: Record<string, number> = Object.fromEntries(report.checks.map(({ name, checked }) => [name, checked]));
    expect(report).toMatchObject({ ok: true, tenant_id: "acme", usage: "all" });
    expect(counts).toMatchObject({ "invoices.subtotal": 4, "payments.attempts": 4 });
    expect(counts).not.toHaveProperty("numbers");
    const none = await verify("--tenant", "nobody");
    expect([none.code, none.err]).toEqual([1, 'There is no tenant "nobody".\n']);
  });
});

let copies = 0;
/** The world's database once more, with these edits, for as long as the look at it takes. */
async function inCopy(edits: string[], look: (url: string) => Promise<void>): Promise<void> {
  const server = process.env[SERVER_VARIABLE]!;
  const source = new URL(world.billing.databaseUrl).pathname.slice(1);
  const name = `${source}_${++copies}`;
  // A database is copied only while nobody is connected, and what listens would be back at once; pools connect again when they are asked.
  await askServer(server, `alter database ${source} allow_connections false`);
  try {
    await askServer(server, `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${source}'`);
    await askServer(server, `create database ${name} template ${source} strategy file_copy`);
  } finally {
    await askServer(server, `alter database ${source} allow_connections true`);
  }
  try {
    const client = new pg.Client({ connectionString: databaseOn(server, name) });
    await client.connect();
    try {
      for (const edit of edits) {
        const { command, rowCount } = await client.query(edit);
        if (/^(UPDATE|DELETE|INSERT)$/.test(command)) expect(rowCount, edit).toBeGreaterThan(0);
      }
    } finally {
      await client.end();
    }
    await look(databaseOn(server, name));
  } finally {
    await askServer(server, `drop database if exists ${name} with (force)`);
  }
}

describe("a hand's edit is found and named", () => {
  test.each(EDITS)("%s", async (_what, edits, found) => {
    await inCopy(edits, async (url) => {
      const run = await runCommand(["verify", "--usage", "all", "--json"], { DATABASE_URL: url });
      expect(run.err).toBe("");
      expect(run.code).toBe(1);
      const wrong = Object.fromEntries(
        (JSON.parse(run.out) as Report).checks.filter((check) => check.wrong > 0).map((check) => [check.name, check.named]),
      );
      for (const [name, words] of Object.entries(found)) {
        expect(wrong, name).toHaveProperty([name]);
        const [first] = wrong[name]!;
        if (words.tenant !== undefined) expect(first!.tenant_id).toBe(words.tenant);
        for (const part of ["subject", "expected", "found"] as const) if (words[part]) expect(first![part]).toMatch(words[part]);
      }
    });
  });

  test("is printed with both sides, and a count of what is not named", async () => {
    await inCopy(["update invoices set amount_due = amount_due + 1"], async (url) => {
      const { out, code } = await runCommand(["verify", "--limit", "2", "--usage", "none"], { DATABASE_URL: url });
      expect(code).toBe(1);
      expect(out).toMatch(/invoices\.due +what is due .* 28 +28 wrong/);
      expect(out).toMatch(/ {2}acme +INV-2026-000001 inv_\w+ +0 +1\n/);
      expect(out).toMatch(/… and 26 more/);
      expect(out).toMatch(/things are wrong of/);
    });
  });
});
