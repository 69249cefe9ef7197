/** Whose rows are whose, in the database itself: every table has its policy, and nothing of another tenant is reached past it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ENGINE } from "../src/auth/principal.ts";
import { consumeMany } from "../src/billing/credits/consume-store.ts";
import { ONE } from "../src/billing/money/decimal.ts";
import { commit } from "../src/commit.ts";
import { APP_ROLE, onPool } from "../src/db/pool.ts";
import { confinedTo } from "../src/db/scope.ts";
import { newId } from "../src/ids.ts";
import { createWorld, type World } from "./world.ts";

/** What belongs to no tenant, or is the gateway's or the queue's own book. */
const SHARED = [
  "bank_statements",
  "catalog_items",
  "catalog_state",
  "invoice_series",
  "limit_sweep",
  "plan_versions",
  "plans",
  "processor_meters",
  "processor_offers",
  "processor_prices",
  "sandbox_charges",
  "sandbox_checkouts",
  "sandbox_setups",
  "schema_migrations",
  "test_clocks",
  "usage_meters",
  "webhook_place",
];

let world: World;
beforeAll(async () => {
  world = await createWorld();
  for (const id of ["acme", "rival"]) {
    await world.must("PUT", `/v1/tenants/${id}`, { name: id, currency: "usd" });
    await world.must("POST", "/v1/usage", { tenant_id: id, event: "call", idempotency_key: "one" });
  }
});
afterAll(() => world.close());

const ask = (text: string, values?: unknown[]) => onPool(world.billing.ctx.pool).query<Record<string, unknown>>(text, values);

test("every table is isolated by tenant, or named as shared", async () => {
  const rows = await ask(
    `select c.relname as name, c.relrowsecurity as isolated, array_agg(p.polname::text order by p.polname) filter (where p.polname is not null) as policies
     from pg_class c left join pg_policy p on p.polrelid = c.oid
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') group by 1, 2 order by 1`,
  );
  expect(rows.length).toBeGreaterThan(25);
  expect(rows.filter((row) => !row.isolated).map((row) => row.name)).toEqual(SHARED);
  for (const row of rows.filter((one) => one.isolated)) expect([row.name, row.policies]).toEqual([row.name, ["own", "platform"]]);
});

test("the engine works as a role that owns nothing, and cannot leave the audit log other than it was", async () => {
  const [row] = await ask(
    `select current_user as name, (select count(*) from pg_class where relowner = current_user::regrole) as owns,
       (select rolsuper or rolbypassrls from pg_roles where rolname = current_user) as beyond,
       has_table_privilege('audit_log', 'update') or has_table_privilege('audit_log', 'delete') as rewrites`,
  );
  expect(row).toEqual({ name: APP_ROLE, owns: 0n, beyond: false, rewrites: false });
});

describe("work that is confined to a tenant", () => {
  const mine = (text: string, values?: unknown[]) => confinedTo("acme", () => ask(text, values));

  test("finds the rows of that tenant alone, in every table", async () => {
    const tables = await ask(
      "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relrowsecurity order by 1",
    );
    for (const { name } of tables) {
      const seen = await mine(`select to_jsonb(t) as row from ${name as string} t`);
      const text = JSON.stringify(seen, (_, value) => (typeof value === "bigint" ? value.toString() : value));
      expect(text, String(name)).not.toContain("rival");
    }
    expect(await mine("select id from tenants")).toEqual([{ id: "acme" }]);
    expect(await mine("select idempotency_key from usage_events")).toHaveLength(1);
  });

  test("changes none of another, and makes none", async () => {
    expect(await mine("update tenants set name = 'stolen' where id = 'rival' returning id")).toEqual([]);
    expect(await mine("delete from usage_events where true returning idempotency_key")).toHaveLength(1);
    await expect(mine("insert into tenants (id, created_at, updated_at) values ('third', now(), now())")).rejects.toThrow(
      "row-level security",
    );
    expect((await world.must("GET", "/v1/tenants/rival")).name).toBe("rival");
    expect(await ask("select 1 from usage_events")).toHaveLength(1);
  });

  test("is so for each write of a tenant's route, whoever asks", async () => {
    const { ctx } = world.billing;
    const write = (across: boolean) =>
      commit(ctx, { principal: ENGINE, tenantId: "acme", across }, (tx) =>
        tx.query("update tenants set name = 'renamed' where id = 'rival' returning id"),
      );
    expect(await write(false)).toEqual([]);
    expect(await write(true)).toEqual([{ id: "rival" }]);
    const copy = commit(ctx, { principal: ENGINE, tenantId: "acme" }, (tx) =>
      tx.copy("balance_entries", ["id", "tenant_id"], [[newId("line"), "rival"]]),
    );
    await expect(copy).rejects.toThrow("rows of others");
  });

  test("consumes no credits of another: the function that works as the owner asks whose they are", async () => {
    const asked = (tenantId: string) => {
      const request = {
        tenantId,
        amount: ONE,
        byPlan: null,
        partial: false,
        eventName: null,
        quantity: null,
        key: null,
        fingerprint: null,
      };
      const placed = [{ request, id: newId("transaction"), now: 0 }];
      return confinedTo("acme", () =>
        consumeMany(onPool(world.billing.ctx.pool), placed, { defaultPlan: null, threshold: null, look: true }),
      );
    };
    await expect(asked("rival")).rejects.toThrow("not the tenant's own");
    expect((await asked("acme")).map(({ outcome }) => outcome)).toEqual(["insufficient"]);
  });

  test("leaves no trace on the connection", async () => {
    for (let i = 0; i < 20; i++) await mine("select 1");
    expect((await ask("select id from tenants order by 1")).length).toBe(2);
  });
});

test("a connection that says for whom of nobody sees nothing", async () => {
  const connection = await world.billing.ctx.pool.connect();
  try {
    await connection.query("begin");
    await connection.query("select set_config('billwright.tenant', '', true)");
    expect((await connection.query("select * from tenants")).rows).toEqual([]);
    await connection.query("rollback");
  } finally {
    connection.release();
  }
});
