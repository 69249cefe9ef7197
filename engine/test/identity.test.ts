/** Who asks: tokens of people, links to pages and their sessions, rotated keys; and what each of them may do. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPool } from "../src/db/pool.ts";
import { createWorld, type World } from "./world.ts";

const SECRET = "a secret that is shared with nobody but this test";
const bytes = new TextEncoder().encode(SECRET);

let world: World;
beforeAll(async () => {
  world = await createWorld({ config: { tokens: { secret: SECRET, jwksUrl: null, issuer: null, audience: null } } });
  for (const id of ["acme", "rival"]) await world.must("PUT", `/v1/tenants/${id}`, { name: id, currency: "usd" });
});
afterAll(() => world.close());

type Claims = Record<string, unknown>;
const token = (claims: Claims, expires: string | number = "1h") =>
  new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).setIssuedAt().setExpirationTime(expires).sign(bytes);
const as = async (role: string, tenant: string | null = "acme") => ({
  authorization: `Bearer ${await token({ sub: `${role}@acme`, role, ...(tenant === null ? {} : { tenant_id: tenant }) })}`,
});

describe("a token", () => {
  test.each([
    ["viewer", 200, 403, 403],
    ["member", 200, 202, 403],
    ["admin", 200, 202, 200],
    ["owner", 200, 202, 200],
    ["platform_admin", 200, 202, 200],
  ])("of a %s may read, record usage and change the tenant as its role says", async (role, read, record, change) => {
    const headers = await as(role, role === "platform_admin" ? null : "acme");
    expect((await world.call("GET", "/v1/tenants/acme", undefined, headers)).status).toBe(read);
    expect((await world.call("POST", "/v1/usage", { tenant_id: "acme", event: "call" }, headers)).status).toBe(record);
    expect((await world.call("PUT", "/v1/tenants/acme", { name: "Acme" }, headers)).status).toBe(change);
  });

  test("of a tenant finds nobody else's, and changes nothing of all", async () => {
    const headers = await as("owner");
    const other = await world.call("GET", "/v1/tenants/rival", undefined, headers);
    const none = await world.call("GET", "/v1/tenants/nobody", undefined, headers);
    expect([other.status, other.body.code]).toEqual([404, "tenant_not_found"]);
    expect({ ...other.body, request_id: "", detail: "" }).toEqual({ ...none.body, request_id: "", detail: "" });
    expect((await world.call("PUT", "/v1/catalog", {}, headers)).status).toBe(403);
    expect((await world.call("GET", "/v1/api-keys", undefined, headers)).status).toBe(403);
    expect(
      (await world.call("GET", "/v1/tenants", undefined, headers)).body.items.map((item: { tenant_id: string }) => item.tenant_id),
    ).toEqual(["acme"]);
  });

  test.each<[string, () => Promise<string>]>([
    ["has expired", () => token({ sub: "a", role: "owner", tenant_id: "acme" }, 1_000_000)],
    ["names no role that there is", () => token({ sub: "a", role: "root", tenant_id: "acme" })],
    ["names no role", () => token({ sub: "a", tenant_id: "acme" })],
    ["names no tenant", () => token({ sub: "a", role: "owner" })],
    ["names a tenant that no tenant can be called", () => token({ sub: "a", role: "owner", tenant_id: "a b" })],
    ["names nobody", () => token({ role: "owner", tenant_id: "acme" })],
    ["has another signature", async () => (await token({ sub: "a", role: "platform_admin" })).replace(/.{8}$/, "AAAAAAAA")],
    [
      "is signed with another secret",
      () =>
        new SignJWT({ sub: "a", role: "platform_admin" })
          .setProtectedHeader({ alg: "HS256" })
          .sign(new TextEncoder().encode(SECRET.toUpperCase())),
    ],
    [
      "is not signed",
      async () =>
        `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from('{"sub":"a","role":"platform_admin"}').toString("base64url")}.`,
    ],
    ["has a header that cannot be read", async () => `eyJ4.${Buffer.from("{}").toString("base64url")}.x`],
    [
      "is of a public key where only a secret is set up",
      async () =>
        new SignJWT({ sub: "a", role: "platform_admin" })
          .setProtectedHeader({ alg: "ES256" })
          .sign((await generateKeyPair("ES256")).privateKey),
    ],
  ])("that %s is refused", async (_, make) => {
    const answer = await world.call("GET", "/v1/tenants/acme", undefined, { authorization: `Bearer ${await make()}` });
    expect([answer.status, answer.body.code]).toEqual([401, "unauthenticated"]);
  });
});

describe("keys that are published", () => {
  let keys: object[] = [];
  let asked = 0;
  let server: Server;
  let other: World;
  beforeAll(async () => {
    server = createServer((_, response) => {
      asked += 1;
      response.setHeader("content-type", "application/json").end(JSON.stringify({ keys }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
    other = await createWorld({ config: { tokens: { secret: null, jwksUrl, issuer: "https://id.example", audience: "billing" } } });
    await other.must("PUT", "/v1/tenants/acme", {});
  });
  afterAll(async () => {
    await other.close();
    server.close();
  });

  const publish = async (kid: string, alg: string) => {
    const pair = await generateKeyPair(alg, { extractable: true });
    keys = [...keys, { ...(await exportJWK(pair.publicKey)), kid, alg }];
    return pair;
  };
  const sign = (pair: Awaited<ReturnType<typeof publish>>, kid: string, alg: string, more: { iss?: string; aud?: string } = {}) =>
    new SignJWT({ sub: "a", role: "viewer", tenant_id: "acme" })
      .setProtectedHeader({ alg, kid })
      .setIssuer(more.iss ?? "https://id.example")
      .setAudience(more.aud ?? "billing")
      .setExpirationTime("5m")
      .sign(pair.privateKey);
  const status = async (text: string) =>
    (await other.call("GET", "/v1/tenants/acme", undefined, { authorization: `Bearer ${text}` })).status;

  test("check tokens, are read once, and a secret does not pass for one", async () => {
    const [rsa, ec] = [await publish("one", "RS256"), await publish("two", "ES256")];
    expect(await status(await sign(rsa, "one", "RS256"))).toBe(200);
    expect(await status(await sign(ec, "two", "ES256"))).toBe(200);
    expect(await status(await sign(rsa, "one", "RS256", { iss: "https://evil.example" }))).toBe(401);
    expect(await status(await sign(rsa, "one", "RS256", { aud: "mail" }))).toBe(401);
    expect(asked).toBe(1);
    // The public key is known to all: signed with its text as if it were a secret, a token must not pass.
    const forged = await new SignJWT({ sub: "a", role: "platform_admin" })
      .setProtectedHeader({ alg: "HS256", kid: "one" })
      .setIssuer("https://id.example")
      .setAudience("billing")
      .sign(new TextEncoder().encode(await exportSPKI(rsa.publicKey)));
    expect(await status(forged)).toBe(401);
  });

  test("that cannot be read refuse nobody for good", async () => {
    const stranger = await createWorld({
      config: { tokens: { secret: null, jwksUrl: "http://127.0.0.1:9/keys", issuer: null, audience: null } },
    });
    const pair = await generateKeyPair("RS256");
    const answer = await stranger.call("GET", "/v1/tenants/acme", undefined, { authorization: `Bearer ${await sign(pair, "x", "RS256")}` });
    await stranger.close();
    expect([answer.status, answer.body.code]).toEqual([503, "unavailable"]);
  });
});

describe("a link to a tenant's pages", () => {
  const tokenOf = (url: string) => url.split("#token=")[1]!;

  test("works once, and opens a session of that tenant and role", async () => {
    const link = await world.must("POST", "/v1/tenants/acme/portal", {
      return_url: "https://acme.example/back",
      role: "admin",
      subject: "ann@acme.example",
    });
    const opened = await world.call("POST", "/v1/sessions", { token: tokenOf(link.url) }, { authorization: "" });
    expect(opened.body).toMatchObject({
      tenant_id: "acme",
      role: "admin",
      subject: "ann@acme.example",
      return_url: "https://acme.example/back",
    });
    expect((await world.call("POST", "/v1/sessions", { token: tokenOf(link.url) })).status).toBe(401);
    const headers = { authorization: `Bearer ${opened.body.access_token}` };
    expect((await world.call("GET", "/v1/tenants/acme", undefined, headers)).status).toBe(200);
    expect((await world.call("GET", "/v1/tenants/rival", undefined, headers)).status).toBe(404);
    expect((await world.call("DELETE", "/v1/sessions/current", undefined, headers)).body).toEqual({ ended: true });
    expect((await world.call("GET", "/v1/tenants/acme", undefined, headers)).status).toBe(401);
  });

  test("is not replayed with its secret", async () => {
    const first = await world.post("/v1/tenants/acme/portal", {}, { "idempotency-key": "p1" });
    const again = await world.post("/v1/tenants/acme/portal", {}, { "idempotency-key": "p1" });
    expect(typeof first.body.url).toBe("string");
    expect([again.headers["idempotent-replayed"], again.body]).toEqual(["true", { expires_at: first.body.expires_at }]);
  });

  test("hands on no more than who asks has", async () => {
    const ask = async (role: string, wanted: string) =>
      (await world.call("POST", "/v1/tenants/acme/portal", { role: wanted }, await as(role))).status;
    expect(await ask("viewer", "owner")).toBe(403);
    expect(await ask("member", "admin")).toBe(403);
    expect(await ask("member", "viewer")).toBe(201);
    expect(await ask("owner", "owner")).toBe(201);
    expect((await world.call("POST", "/v1/tenants/rival/portal", {}, await as("owner"))).status).toBe(404);
    expect((await world.post("/v1/tenants/acme/portal", { return_url: "javascript:alert(1)" })).status).toBe(422);
  });
});

describe("a rotated key", () => {
  test("goes on beside its successor until the overlap is over", async () => {
    const made = await world.must("POST", "/v1/api-keys", { name: "server", scopes: ["billing.read"] });
    const next = await world.must("POST", `/v1/api-keys/${made.id}/rotate`, { overlap_seconds: 60 });
    const status = async (secret: string) =>
      (await world.call("GET", "/v1/plans", undefined, { authorization: `Bearer ${secret}` })).status;
    expect([await status(made.secret), await status(next.secret)]).toEqual([200, 200]);
    expect(next).toMatchObject({ name: "server", scopes: ["billing.read"], expires_at: null });
    expect((await world.post(`/v1/api-keys/${made.id}/rotate`)).body.code).toBe("invalid_state");
    const last = await world.must("POST", `/v1/api-keys/${next.id}/rotate`, { overlap_seconds: 0 });
    expect([await status(next.secret), await status(last.secret)]).toEqual([401, 200]);
  });
});

describe("the audit log", () => {
  test("has who changed what, from where, before and after, and no secret", async () => {
    const headers = { ...(await as("owner")), "user-agent": "a test", "x-request-id": "req-of-ann" };
    await world.call("PUT", "/v1/tenants/acme", { name: "Acme Limited" }, headers);
    const [entry] = (await world.get("/v1/audit-log?tenant_id=acme&object_type=tenant")).body.items;
    expect(entry).toMatchObject({
      actor: { kind: "person", id: "owner@acme", role: "owner" },
      action: "PUT /v1/tenants/:tenant_id",
      object_type: "tenant",
      object_id: "acme",
      change: "updated",
      after: { name: "Acme Limited" },
      request_id: "req-of-ann",
      user_agent: "a test",
      ip: "127.0.0.1",
    });
    expect(Object.keys(entry.before).sort()).toEqual(Object.keys(entry.after).sort());
    const made = await world.must("POST", "/v1/api-keys", { name: "seen", scopes: ["billing.read"] });
    const { text } = await world.get(`/v1/audit-log?object_id=${made.id}`);
    expect(text).toContain("seen");
    expect(text).not.toMatch(/secret_hash|bw_test_[\w-]{20}/);
  });

  test("has who was let in from where, and what was granted to many at once", async () => {
    await world.must("POST", "/v1/credits/grants", { amount: 5, grants: [{ tenant_id: "acme" }, { tenant_id: "rival" }] });
    const grants = (await world.must("GET", "/v1/audit-log?object_type=credit_grant&limit=2")).items;
    expect(grants.map((one: { action: string; tenant_id: string }) => [one.action, one.tenant_id]).sort()).toEqual([
      ["POST /v1/credits/grants", "acme"],
      ["POST /v1/credits/grants", "rival"],
    ]);
    const link = await world.must("POST", "/v1/tenants/acme/portal", { subject: "ann" });
    const secret = link.url.split("#token=")[1]!;
    await world.call("POST", "/v1/sessions", { token: secret }, { authorization: "", "user-agent": "ann's browser" });
    const { items } = await world.must("GET", "/v1/audit-log?tenant_id=acme&limit=3");
    expect(items.map((one: { object_type: string; change: string; action: string }) => [one.object_type, one.change, one.action])).toEqual([
      ["session", "created", "POST /v1/sessions"],
      ["portal_link", "updated", "POST /v1/sessions"],
      ["portal_link", "created", "POST /v1/tenants/:tenant_id/portal"],
    ]);
    expect(items[0]).toMatchObject({ actor: { kind: "public" }, user_agent: "ann's browser", after: { subject: "ann" } });
    expect(JSON.stringify(items)).not.toMatch(/token_hash|secret_hash/);
  });

  test("shows a tenant's people their own, and nobody less than that", async () => {
    await world.must("PUT", "/v1/tenants/rival", { name: "Rival & Sons" });
    const own = await world.call("GET", "/v1/audit-log?tenant_id=rival", undefined, await as("owner"));
    expect(new Set(own.body.items.map((item: { tenant_id: string }) => item.tenant_id))).toEqual(new Set(["acme"]));
    expect((await world.call("GET", "/v1/audit-log", undefined, await as("viewer"))).status).toBe(403);
  });

  test("stays as it is, but for what erasure takes out of it", async () => {
    await world.must("PUT", "/v1/tenants/gone", { name: "Forget Me", email: "forget@me.example" });
    await world.must("DELETE", "/v1/tenants/gone");
    const { text, body } = await world.get("/v1/audit-log?tenant_id=gone");
    expect(body.items.length).toBeGreaterThan(1);
    expect(text).not.toMatch(/Forget Me|forget@me/);
    const owner = openPool(world.billing.databaseUrl, 1, () => undefined, "owner");
    for (const edit of ["update audit_log set actor_id = 'nobody'", "delete from audit_log", "truncate audit_log"]) {
      await expect(world.billing.ctx.pool.query(edit)).rejects.toThrow("permission denied");
      await expect(owner.query(edit)).rejects.toThrow("only ever added to");
    }
    await owner.end();
  });
});

describe("the door", () => {
  test("counts each caller, tells how much is left, and refuses beyond it", async () => {
    const small = await createWorld({ config: { rateLimit: 5 } });
    const answers = await Promise.all(Array.from({ length: 12 }, () => small.get("/v1/plans")));
    const health = await small.call("GET", "/v1/plans", undefined, { authorization: "Bearer somebody-else" });
    await small.close();
    const refused = answers.filter((answer) => answer.status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(2);
    expect(refused[0]).toMatchObject({ body: { code: "rate_limited" }, headers: { "retry-after": "1", "ratelimit-limit": "5" } });
    // Whichever of them was counted first.
    expect(answers.map(({ headers }) => headers["ratelimit-remaining"])).toContain("4");
    expect(health.status).toBe(401);
  });

  test("lets nobody guess for long", async () => {
    const small = await createWorld();
    const statuses: number[] = [];
    for (let i = 0; i < 1_010; i++)
      statuses.push((await small.call("GET", "/v1/plans", undefined, { authorization: `Bearer guess-${i}` })).status);
    await small.close();
    expect([statuses[0], statuses[100], statuses.at(-1)]).toEqual([401, 401, 429]);
  });

  test("waits for no slow client, and takes no more connections than it is told", async () => {
    const small = await createWorld({ config: { port: 0, clients: { headMs: 300, requestMs: 600, connections: 2 } } });
    const { port } = new URL(await small.billing.listen());
    const open = () => {
      const socket = connect(Number(port), "127.0.0.1");
      const ended = once(socket, "close").then(() => "closed");
      let heard = "";
      socket.on("data", (bytes) => {
        heard += bytes;
      });
      socket.on("error", () => undefined);
      return { socket, ended, heard: () => heard };
    };
    const [slow, other] = [open(), open()];
    await Promise.all([once(slow.socket, "connect"), once(other.socket, "connect")]);
    expect(await open().ended).toBe("closed");
    slow.socket.write("GET /v1/plans HTTP/1.1\r\nHost: a\r\nX-Slow: ");
    expect(await slow.ended).toBe("closed");
    expect(slow.heard()).toMatch(/^HTTP\/1.1 408 /);
    other.socket.destroy();
    await other.ended;
    expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200);
    await small.close();
  });

  test("opens to the pages that are listed, and says how answers may be used", async () => {
    const small = await createWorld({ config: { corsOrigins: ["https://app.example.com"] } });
    const ask = (origin: string) =>
      small.billing.app.inject({ method: "OPTIONS", url: "/v1/plans", headers: { origin, "access-control-request-method": "GET" } });
    const [mine, theirs] = [await ask("https://app.example.com"), await ask("https://evil.example")];
    const plain = await small.get("/v1/plans");
    await small.close();
    expect(mine.headers["access-control-allow-origin"]).toBe("https://app.example.com");
    expect(theirs.headers["access-control-allow-origin"]).not.toBe("https://evil.example");
    expect(plain.headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none';frame-ancestors 'none'",
    });
  });
});
