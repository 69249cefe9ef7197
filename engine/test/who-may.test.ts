/** Every route × every role × somebody else's things: refused as declared, and never with a word about what is there. */
import { SignJWT } from "jose";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seeded } from "../src/simulation/random.ts";
import { type Document, generate, type Known, type Target, targetsOf } from "./fuzz/generate.ts";
import { sampleCatalog } from "./sample-catalog.ts";
import { createWorld, type World } from "./world.ts";

const SECRET = "a secret that is shared with nobody but this test";
const CALLERS = ["viewer", "member", "admin", "owner", "key of acme"] as const;
type Caller = (typeof CALLERS)[number];
const MARK = "Rival-Secret-Name";

let world: World;
let document: Document;
let rivals: Known;
const headers = new Map<Caller, Record<string, string>>();

beforeAll(async () => {
  world = await createWorld({ config: { rateLimit: 1_000_000, tokens: { secret: SECRET, jwksUrl: null, issuer: null, audience: null } } });
  await world.must("PUT", "/v1/catalog", sampleCatalog());
  const clock = await world.must("POST", "/v1/test-clocks", { name: "rival", now: "2026-01-01T00:00:00Z" });
  for (const id of ["acme", "rival"])
    await world.must("PUT", `/v1/tenants/${id}`, { name: id === "rival" ? MARK : id, currency: "usd", test_clock: clock.id });
  await world.must("POST", "/v1/tenants/rival/payment-methods/setup-intent", { card: "4242424242424242" });
  const subscription = await world.must("POST", "/v1/tenants/rival/subscription", { plan: "pro", trial_days: 0 });
  await world.must("POST", "/v1/tenants/rival/invoice-items", { description: MARK, amount: 500 });
  await world.must("POST", "/v1/usage", { tenant_id: "rival", event: "other", properties: { name: MARK }, at: "2026-01-01T00:00:00Z" });
  const hook = { url: "https://rival.example/hook", description: MARK, tenant_id: "rival" };
  const endpoint = await world.must("POST", "/v1/webhook-endpoints", hook);
  const delivery = await world.must("POST", `/v1/webhook-endpoints/${endpoint.id}/test`);
  const ids = async (path: string) => (await world.must("GET", `/v1/tenants/rival/${path}`)).items.map(({ id }: { id: string }) => id);
  rivals = {
    tenant_id: ["rival"],
    invoices: await ids("invoices"),
    "invoice-items": await ids("invoice-items"),
    "payment-methods": await ids("payment-methods"),
    subscription: [subscription.id],
    "test-clocks": [clock.id],
    "webhook-endpoints": [endpoint.id],
    "webhook-deliveries": [delivery.id],
  };
  const key = await world.must("POST", "/v1/api-keys", { name: "acme's", scopes: ["billing.write", "usage.write"], tenant_id: "acme" });
  headers.set("key of acme", { authorization: `Bearer ${key.secret}` });
  for (const role of ["viewer", "member", "admin", "owner"] as const) {
    const token = await new SignJWT({ sub: role, role, tenant_id: "acme" })
      .setProtectedHeader({ alg: "HS256" })
      .sign(new TextEncoder().encode(SECRET));
    headers.set(role, { authorization: `Bearer ${token}` });
  }
  document = (await world.get("/openapi.json")).body;
});
afterAll(() => world.close());

const OPEN = new Set(["/v1/sessions", "/v1/webhooks/{gateway}"]);
const targets = () => targetsOf(document).filter(({ path }) => path.startsWith("/v1/") && !OPEN.has(path) && !path.endsWith("/stream"));
const ask = (target: Target, known: Known, more: Record<string, string>) => {
  const request = generate(seeded(`${target.method} ${target.path}`), document, known, target, 0);
  return world.call(target.method, request.url, request.payload, { ...more, ...request.headers });
};
const rows = async () => {
  const tables = await world.billing.ctx.pool.query<{ name: string }>(
    "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and relname not in ('api_keys', 'idempotency_keys', 'schema_migrations') order by 1",
  );
  const counts: Record<string, string> = {};
  for (const { name } of tables.rows) {
    const { rows: found } = await world.billing.ctx.pool.query(
      `select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as all from ${name} t where t::text like '%rival%'`,
    );
    counts[name] = (found[0] as { all: string }).all;
  }
  return counts;
};

const ID_WORD = /\b[a-z]{2,8}_[0-7][0-9a-hjkmnp-tv-z]{25}\b/g;

/** The same things, of which none is there: ids of the same form. */
function nobodys(known: Known): Known {
  const free = "01h455vb4pex5vsknk084sn02q";
  return Object.fromEntries(
    Object.entries(known).map(([kind, ids]) => [
      kind,
      ids.map((id) => (kind === "tenant_id" ? "nobody" : /^[a-z]+_/.test(id) ? `${id.split("_")[0]}_${free}` : id)),
    ]),
  );
}

/** What is asked of the database about a request, in order, but for who asks, which is remembered for a while. Everything goes through one method of the driver. */
function watchStatements(): { take(): string[]; stop(): void } {
  const original = pg.Client.prototype.query;
  let seen: string[] = [];
  pg.Client.prototype.query = function (this: pg.Client, ...given: unknown[]) {
    const text = typeof given[0] === "string" ? given[0] : ((given[0] as { text?: string }).text ?? "");
    // Connections that listen, and jobs, have names of their own.
    const { application_name: name } = (this as unknown as { connectionParameters: { application_name?: string } }).connectionParameters;
    if (name === "billwright" && !/secret_hash = |last_used_at/.test(text)) seen.push(text);
    return Reflect.apply(original, this, given);
  } as typeof original;
  return {
    take: () => {
      const taken = seen;
      seen = [];
      return taken;
    },
    stop: () => {
      pg.Client.prototype.query = original;
    },
  };
}

test("without credentials every route is closed", async () => {
  for (const target of targets()) {
    const answer = await ask(target, rivals, { authorization: "" });
    expect([target.method, target.path, answer.status, answer.body.code]).toEqual([target.method, target.path, 401, "unauthenticated"]);
  }
});

describe.each(CALLERS)("a %s of another tenant", (caller) => {
  test("finds nothing, changes nothing, and is told nothing", async () => {
    const before = await rows();
    const seen: string[] = [];
    for (const target of targets()) {
      const answer = await ask(target, rivals, headers.get(caller)!);
      const about = `${target.method} ${target.path} → ${answer.status} ${answer.text.slice(0, 200)}`;
      if (answer.text.includes(MARK)) seen.push(about);
      // A path or a body that names the other tenant is answered as if there were none; a route that names nobody shows the caller's own.
      if (/\{tenant_id\}|invoices\/\{id\}/.test(target.path) && ![403, 404, 422].includes(answer.status)) seen.push(about);
    }
    expect(seen).toEqual([]);
    expect(await rows()).toEqual(before);
  });

  // Also not by the time that an answer takes: what is there and what is not are asked for by the same statements, as many of them.
  test("cannot tell what exists from what does not", async () => {
    const nobody = nobodys(rivals);
    const spy = watchStatements();
    let compared = 0;
    try {
      for (const target of targets().filter(({ path }) => path.includes("{"))) {
        const asked = async (known: Known) => {
          const request = generate(seeded(`${target.method} ${target.path}`), document, known, target, 0);
          delete request.headers["idempotency-key"];
          const answer = await world.call(target.method, request.url, request.payload, { ...headers.get(caller)!, ...request.headers });
          return { answer, statements: spy.take() };
        };
        const [there, missing] = [await asked(rivals), await asked(nobody)];
        const plain = ({ text }: { text: string }) =>
          text
            .replace(/req_\w+/g, "req")
            .replaceAll(/rival|nobody/g, "it")
            .replaceAll(ID_WORD, "id");
        const about = `${target.method} ${target.path}`;
        expect([about, there.answer.status, plain(there.answer)]).toEqual([about, missing.answer.status, plain(missing.answer)]);
        expect([about, there.statements]).toEqual([about, missing.statements]);
        compared += there.statements.length;
      }
    } finally {
      spy.stop();
    }
    expect(compared).toBeGreaterThan(10);
  });
});

describe("in its own tenant", () => {
  test("a viewer changes nothing, and a member nothing but usage", async () => {
    for (const target of targets().filter(({ path, method }) => path.includes("{tenant_id}") && method !== "GET")) {
      const { status } = await ask(target, { ...rivals, tenant_id: ["acme"] }, headers.get("viewer")!);
      // What only computes or hands on the own right is open to who may read.
      const reads = /upcoming-invoice|portal$/.test(target.path);
      expect([target.method, target.path, reads || status === 403]).toEqual([target.method, target.path, true]);
    }
  });

  test.each([
    ["POST", "/v1/tenants/acme/subscription", { plan: "pro", trial_days: 3650 }, "trial_days"],
    ["POST", "/v1/tenants/acme/subscription/plan", { plan: "pro", proration: "none" }, "proration"],
    ["POST", "/v1/tenants/acme/subscription/cancel", { when: "now", refund_unused: true }, "refund_unused"],
    ["PUT", "/v1/tenants/acme/credits/top-up-rules/gift", { source: "promotion", amount: 5, interval: "day" }, "source"],
    ["PUT", "/v1/tenants/acme", { tax_exempt: true }, "tax_exempt"],
  ] as const)("an owner is refused what is the operator's to say: %s %s", async (method, url, body, field) => {
    const answer = await world.call(method, url, body, headers.get("owner")!);
    expect([answer.status, answer.body.errors[0].path]).toEqual([403, field]);
  });

  test.each([
    ["POST", "/v1/tenants/acme/invoice-items", { description: "a gift to myself", amount: -500 }],
    ["POST", "/v1/tenants/acme/discounts", { coupon: "half" }],
  ] as const)("an owner does not give themselves money: %s %s", async (method, url, body) => {
    for (const caller of ["owner", "key of acme"] as const)
      expect((await world.call(method, url, body, headers.get(caller)!)).status).toBe(403);
  });
});

test("an owner neither changes nor ends what the operator grants by the calendar", async () => {
  const url = "/v1/tenants/acme/credits/top-up-rules/allowance";
  await world.must("PUT", "/v1/credit-products/hundred", { credits: 100, amount: 1_000, currency: "usd" });
  await world.must("PUT", url, { source: "promotion", amount: 5, interval: "month" });
  for (const caller of ["owner", "key of acme"] as const) {
    const changed = await world.call("PUT", url, { product: "hundred", interval: "month" }, headers.get(caller)!);
    const ended = await world.call("DELETE", url, undefined, headers.get(caller)!);
    expect([changed.status, ended.status]).toEqual([403, 403]);
    const own = await world.call("PUT", `${url}-of-mine`, { product: "hundred", interval: "month" }, headers.get(caller)!);
    expect(own.status).toBe(200);
  }
  expect(await world.must("GET", url)).toMatchObject({ source: "promotion", amount: 5, enabled: true });
});
