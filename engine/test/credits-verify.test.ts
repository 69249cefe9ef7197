/** What a hand changes in the ledger of credits, past the database's own rules, is found and named; untouched, everything is right. */
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "./terminal.ts";
import { createWorld, type World } from "./world.ts";

let world: World;
const OWN = "tenant_id = 'acme'";

beforeAll(async () => {
  world = await createWorld();
  for (const id of ["acme", "friend", "quiet", "steady"]) await world.must("PUT", `/v1/tenants/${id}`, {});
  const post = (path: string, body: object) => world.must("POST", `/v1/tenants/acme/credits/${path}`, body);
  await post("grants", { amount: 100, source: "promotion", reason: "a", idempotency_key: "grant" });
  await post("grants", { amount: "50.5", source: "purchase", reason: "b" });
  await post("consume", { amount: 120, idempotency_key: "both" });
  await post("consume", { amount: 1, idempotency_key: "one" });
  await world.post("/v1/tenants/acme/credits/consume", { amount: 1_000, idempotency_key: "refused" });
  const { id } = await post("holds", { amount: 5 });
  await post(`holds/${id}/capture`, { amount: 3 });
  await post("holds", { amount: 4 });
  await post("transfers", { to: "friend", amount: 2 });
  // Burns its first grant, and nothing has happened since.
  for (const amount of [20, 30]) await world.must("POST", "/v1/tenants/steady/credits/grants", { amount });
  for (const amount of [1, 2]) await world.must("POST", "/v1/tenants/steady/credits/consume", { amount });
});
afterAll(() => world.close());

type Found = Record<string, [subject: RegExp, expected: RegExp, found: RegExp]>;

const EDITS: [what: string, edits: string[], found: Found][] = [
  [
    "an amount of the ledger",
    [`update credit_transfers set amount = 2 where ${OWN} and idempotency_key = 'one'`],
    {
      "credits.balances": [/^wallet$/, /consumed 125/, /consumed 124/],
      "credits.grants": [/^grant_/, /left 19\.5/, /left 20\.5/],
      "credits.order": [/^txn_/, /^4\.1, balance 28\.5$/, /^4\.1, balance 29\.5$/],
    },
  ],
  [
    "a balance",
    ["alter table credit_wallets drop constraint credit_wallets_sum", `update credit_wallets set available = available + 1 where ${OWN}`],
    { "credits.sum": [/^wallet$/, /^0$/, /^1$/], "credits.balances": [/^wallet$/, /^available 20\.5,/, /^available 21\.5,/] },
  ],
  [
    "two balances, so that they sum to zero still",
    [`update credit_wallets set available = available + 1, issued = issued - 1 where ${OWN}`],
    { "credits.balances": [/^wallet$/, /issued -148\.5/, /issued -149\.5/] },
  ],
  [
    "a balance below zero",
    [
      "alter table credit_wallets drop constraint credit_wallets_available_check",
      "alter table credit_wallets drop constraint credit_wallets_sum",
      `update credit_wallets set available = -1 where ${OWN}`,
    ],
    { "credits.balances": [/^wallet$/, /^available 20\.5,/, /^available -1, .*below zero$/] },
  ],
  [
    "what is left of a grant, above its amount",
    [
      "alter table credit_grants drop constraint credit_grants_within",
      `update credit_grants set remaining = 51 where ${OWN} and reason = 'b'`,
    ],
    { "credits.grants": [/^grant_/, /left 20\.5/, /left 51, .*above its amount$/] },
  ],
  [
    "what is left of a grant, below zero",
    [
      "alter table credit_grants drop constraint credit_grants_remaining_check",
      `update credit_grants set remaining = -1 where ${OWN} and reason = 'a'`,
    ],
    { "credits.grants": [/^grant_/, /left 0/, /left -1, .*below zero$/] },
  ],
  [
    "the amount of a grant",
    [`update credit_grants set amount = 101 where ${OWN} and reason = 'a'`],
    { "credits.grants": [/^grant_/, /granted 101/, /granted 100/] },
  ],
  [
    "a grant that is gone",
    [`delete from credit_grants where ${OWN} and reason = 'a'`],
    { "credits.grants": [/^grant_/, /^a grant$/, /^none$/] },
  ],
  [
    "a grant that is closed though something is left",
    [`update credit_grants set open = false where ${OWN} and reason = 'b'`],
    { "credits.grants": [/^grant_/, /, open$/, /held 4$/] },
  ],
  [
    "a transaction that is gone",
    [`delete from credit_transfers where ${OWN} and idempotency_key = 'refused'`],
    { "credits.order": [/^txn_/, /^5\.1/, /^6\.1/] },
  ],
  [
    "a leg that is gone",
    [`delete from credit_transfers where ${OWN} and leg = 2`],
    { "credits.balances": [/^wallet$/, /consumed 104/, /consumed 124/], "credits.order": [/^txn_/, /balance 49\.5/, /balance 29\.5/] },
  ],
  [
    "the direction of a transfer",
    [`update credit_transfers set from_account = to_account, to_account = from_account where ${OWN} and idempotency_key = 'one'`],
    { "credits.transfers": [/^txn_/, /available to consumed$/, /consumed to available$/] },
  ],
  [
    "a transfer below zero",
    [
      "alter table credit_transfers drop constraint credit_transfers_amount_check",
      `update credit_transfers set amount = -1 where ${OWN} and idempotency_key = 'one'`,
    ],
    { "credits.transfers": [/^txn_/, /^above zero/, /^-1, /] },
  ],
  [
    "a key twice",
    [
      "drop index credit_transfers_key",
      `update credit_transfers set idempotency_key = 'one' where ${OWN} and leg = 1 and idempotency_key = 'grant'`,
    ],
    { "credits.keys": [/^key one$/, /^1$/, /^2$/] },
  ],
  [
    "an origin twice",
    ["drop index credit_transfers_origin", `update credit_transfers set origin = 'purchase 1' where ${OWN} and leg = 1 and seq in (1, 2)`],
    { "credits.keys": [/^origin purchase 1$/, /^1$/, /^2$/] },
  ],
  [
    "what is left of the grant that is burned",
    ["update credit_wallets set burning_left = burning_left + 1 where tenant_id = 'steady'"],
    { "credits.grants": [/^grant_/, /left 17/, /left 18/] },
  ],
  [
    "the grant that is burned",
    [
      `update credit_wallets w set burning = g.id, burning_left = g.remaining, burning_rest = 17 from credit_grants g
       where w.tenant_id = 'steady' and g.tenant_id = w.tenant_id and g.amount = 30`,
    ],
    {
      "credits.burning": [/^burning$/, /^grant_\w+ first, others 20$/, /^grant_\w+ first, others 17$/],
      "credits.grants": [/^grant_/, /left 17/, /left 20/],
    },
  ],
  [
    "what others have beside it",
    ["update credit_wallets set burning_rest = 31 where tenant_id = 'steady'"],
    { "credits.burning": [/^burning$/, /others 30$/, /others 31$/] },
  ],
  [
    "a hold that is closed by hand",
    [`update credit_holds set status = 'released', closed_at = created_at where ${OWN} and status = 'open'`],
    { "credits.holds": [/^hold_/, /has 0/, /has 4/] },
  ],
  [
    "what was captured of a hold",
    [`update credit_holds set captured = 4 where ${OWN} and status = 'captured'`],
    { "credits.holds": [/^hold_/, /consumed 4$/, /consumed 3$/] },
  ],
  [
    "the other half of a gift",
    ["delete from credit_transfers where tenant_id = 'friend'"],
    { "credits.gifts": [/^txn_/, /^2$/, /^nothing$/], "credits.balances": [/^wallet$/, /available 0/, /available 2/] },
  ],
  [
    "the number of the last transaction",
    [`update credit_wallets set last_seq = 90 where ${OWN}`],
    { "credits.order": [/^last number$/, /^10$/, /^90$/] },
  ],
];

test("untouched, the books are right", async () => {
  const { ok, checks } = await world.must("GET", "/v1/credits/verify");
  expect(checks.filter((check: { wrong: number }) => check.wrong > 0)).toEqual([]);
  expect(ok).toBe(true);
  expect(checks.every((check: { checked: number }) => check.checked > 0)).toBe(true);
  const run = await runCommand(["verify", "--json"], { DATABASE_URL: world.billing.databaseUrl });
  expect(JSON.parse(run.out).checks.filter(({ name }: { name: string }) => name.startsWith("credits."))).toHaveLength(checks.length);
  expect(run.code).toBe(0);
});

test.each(EDITS)("%s is found and named", async (_what, edits, found) => {
  const client = new pg.Client({ connectionString: world.billing.databaseUrl });
  await client.connect();
  // A backup of the four tables, put back with triggers off.
  const tables = ["credit_transfers", "credit_holds", "credit_grants", "credit_wallets"];
  const schema = await client.query(
    "select conrelid::regclass::text as tbl, conname, pg_get_constraintdef(oid) as def from pg_constraint where conrelid::regclass::text like 'credit\\_%' and contype = 'c'",
  );
  const indexes = await client.query(
    "select indexname, indexdef from pg_indexes where tablename = 'credit_transfers' and indexname ~ '(key|origin)$'",
  );
  await client.query("set session_replication_role = replica");
  for (const table of tables) await client.query(`create temp table kept_${table} as table ${table}`);
  try {
    for (const edit of edits) {
      const { rowCount, command } = await client.query(edit);
      if (command === "UPDATE" || command === "DELETE") expect(rowCount).toBeGreaterThan(0);
    }
    const { ok, checks } = await world.must("GET", "/v1/credits/verify");
    expect(ok).toBe(false);
    for (const [name, [subject, expected, seen]] of Object.entries(found)) {
      const check = checks.find((one: { name: string }) => one.name === name);
      expect(check.named.filter((row: { tenant_id: string }) => row.tenant_id !== "quiet")).toContainEqual({
        tenant_id: expect.any(String),
        subject: expect.stringMatching(subject),
        expected: expect.stringMatching(expected),
        found: expect.stringMatching(seen),
      });
    }
  } finally {
    for (const table of tables)
      await client.query(`delete from ${table}; insert into ${table} select * from kept_${table}; drop table kept_${table}`);
    const now = new Set((await client.query("select conname from pg_constraint where contype = 'c'")).rows.map((row) => row.conname));
    for (const row of schema.rows)
      if (!now.has(row.conname)) await client.query(`alter table ${row.tbl} add constraint ${row.conname} ${row.def}`);
    for (const row of indexes.rows) await client.query(row.indexdef.replace("INDEX", "INDEX IF NOT EXISTS"));
    await client.end();
  }
  expect((await world.must("GET", "/v1/credits/verify")).ok).toBe(true);
});
