/** Secrets are nowhere to be read: not in the database, the audit log or the logs; and their keys are rotated, and missed by the doctor. */
import { Webhook } from "standardwebhooks";
import { afterAll, expect, test } from "vitest";
import type { Finding } from "../src/cli/doctor/finding.ts";
import { readConfig } from "../src/config.ts";
import { createTestDatabase, type TestDatabase } from "./database.ts";
import { freePort, killEngines, startEngine } from "./engine-process.ts";
import { runCommand } from "./terminal.ts";
import { workOff } from "./webhooks-out/happen.ts";
import { type Receiver, startReceiver } from "./webhooks-out/receiver.ts";
import { createWorld } from "./world.ts";

const databases: TestDatabase[] = [];
let receiver: Receiver | null = null;
afterAll(async () => {
  killEngines();
  await receiver?.close();
  for (const database of databases) await database.drop();
});

const key = (byte: number) => Buffer.alloc(32, byte).toString("base64");

test("what an engine was given and gave out is in none of its tables, and in no line of its log", { timeout: 120_000 }, async () => {
  const database = await createTestDatabase();
  databases.push(database);
  const port = await freePort();
  const firstKey = "bw_test_first_key_that_nobody_may_find";
  const engine = startEngine(["serve", "--role", "all", "--port", String(port)], {
    DATABASE_URL: database.url,
    BILLWRIGHT_API_KEY: firstKey,
    JWT_SECRET: "a jwt secret of more than thirty-two characters",
    SECRETS_KEY: `2026:${key(5)}`,
    RAZORPAY_KEY_ID: "rzp_test_x",
    RAZORPAY_KEY_SECRET: "the secret of razorpay",
    RAZORPAY_WEBHOOK_SECRET: "the webhook secret of razorpay",
    LOG_LEVEL: "trace",
  });
  await engine.until("serves");
  let requests = 0;
  const ask = async (method: string, path: string, body?: object) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { authorization: `Bearer ${firstKey}`, "content-type": "application/json", "idempotency-key": `k${requests++}` },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Record<string, string>;
  };
  await ask("PUT", "/v1/tenants/acme", { name: "Acme" });
  // Nobody is there, so that the log of what fails has something to say, too.
  const endpoint = await ask("POST", "/v1/webhook-endpoints", { url: "http://127.0.0.1:9/" });
  const rotated = await ask("POST", `/v1/webhook-endpoints/${endpoint.id}/rotate-secret`, {});
  await ask("POST", `/v1/webhook-endpoints/${endpoint.id}/test`, {});
  const apiKey = await ask("POST", "/v1/api-keys", { name: "server", scopes: ["billing.read"] });
  const rotatedKey = await ask("POST", `/v1/api-keys/${apiKey.id}/rotate`, {});
  const links = [await ask("POST", "/v1/tenants/acme/portal", {}), await ask("POST", "/v1/tenants/acme/portal", {})];
  const tokens = links.map((link) => link.url!.split("#token=")[1]!);
  const session = await ask("POST", "/v1/sessions", { token: tokens[0]! });
  for (let i = 0; i < 400; i++) {
    const { items } = (await ask("GET", `/v1/webhook-endpoints/${endpoint.id}/deliveries`)) as unknown as { items: { attempts: number }[] };
    if (items.some((one) => one.attempts > 0)) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await engine.end("SIGTERM");
  const { err } = await engine.ended();
  const secrets = [
    ...[endpoint.secret!, rotated.secret!].flatMap((secret) => [secret, secret.slice(6)]),
    ...[firstKey, apiKey.secret!, rotatedKey.secret!, session.access_token!, ...tokens],
    ...["a jwt secret of more", "the secret of razorpay", "the webhook secret of razorpay", key(5)],
  ];
  expect(secrets.filter((secret) => typeof secret !== "string" || secret.length < 16)).toEqual([]);
  expect(err.length).toBeGreaterThan(500);
  expect(secrets.filter((secret) => err.includes(secret))).toEqual([]);

  const world = await createWorld({ at: database });
  try {
    const { rows: tables } = await world.owner.query<{ name: string }>(
      "select quote_ident(n.nspname) || '.' || quote_ident(c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' and n.nspname in ('public', 'graphile_worker') order by 1",
    );
    expect(tables.length).toBeGreaterThan(40);
    const found: string[] = [];
    for (const { name } of tables) {
      const { rows } = await world.owner.query<{ row: string }>(`select t::text as row from ${name} t`);
      const text = rows.map(({ row }) => row).join("\n");
      for (const secret of secrets) {
        const forms = [secret, Buffer.from(secret).toString("hex"), Buffer.from(secret).toString("base64").replace(/=+$/, "")];
        if (secret.startsWith("whsec_")) forms.push(Buffer.from(secret.slice(6), "base64").toString("hex"));
        if (forms.some((form) => text.includes(form))) found.push(`${name}: ${secret.slice(0, 12)}…`);
      }
    }
    expect(found).toEqual([]);
  } finally {
    await world.close();
  }
});

test("their keys are rotated, and the doctor says which one is missing", { timeout: 60_000 }, async () => {
  receiver = await startReceiver();
  const world = await createWorld({ config: { secretKeys: readConfig({ SECRETS_KEY: `old:${key(1)}` }).secretKeys } });
  try {
    const { id, secret } = await world.must("POST", "/v1/webhook-endpoints", { url: `${receiver.url}/rotated` });
    await world.must("POST", `/v1/webhook-endpoints/${id}/rotate-secret`);
    const env = (SECRETS_KEY: string) => ({ DATABASE_URL: world.billing.databaseUrl, PORT: "0", SECRETS_KEY });
    const doctor = async (keys: string) => {
      const { findings } = JSON.parse((await runCommand(["doctor", "--json"], env(keys))).out) as { findings: Finding[] };
      return findings.find(({ about }) => about === "secrets")!;
    };
    expect(await doctor(`old:${key(1)}`)).toMatchObject({ state: "ok", says: "2 stored, all sealed with old" });
    expect(await doctor(`new:${key(2)}`)).toMatchObject({ state: "bad", says: expect.stringContaining("no key with the id old") });
    expect(await doctor(`old:${key(3)}`)).toMatchObject({ state: "bad", says: expect.stringContaining("not the key that sealed it") });
    expect(await doctor(`new:${key(2)},old:${key(1)}`)).toMatchObject({ state: "warn", says: "2 still sealed with old" });
    const early = await runCommand(["rotate-secrets"], env(`new:${key(2)}`));
    expect([early.code, early.err]).toEqual([1, expect.stringContaining("no key with the id old")]);
    expect(await runCommand(["rotate-secrets"], env(`new:${key(2)},old:${key(1)}`))).toMatchObject({
      code: 0,
      out: "2 sealed anew with new.\n",
    });
    expect((await runCommand(["rotate-secrets"], env(`new:${key(2)}`))).out).toBe("Every secret is sealed with new already.\n");
    expect(await doctor(`new:${key(2)}`)).toMatchObject({ state: "ok" });
    // An engine that has not the key yet cannot sign: that says nothing of the receiver, and is made up for.
    await world.must("POST", `/v1/webhook-endpoints/${id}/test`);
    const { ctx } = world.billing;
    ctx.log.level = "silent";
    await workOff(world);
    const [row] = (await world.must("GET", `/v1/webhook-endpoints/${id}/deliveries`)).items;
    expect(row).toMatchObject({
      state: "failed",
      last_error: "SECRETS_KEY has no key with the id new, which a stored secret was sealed with",
    });
    expect((await world.must("GET", `/v1/webhook-endpoints/${id}`)).failing_since).toBeNull();
    const second = await createWorld({
      config: { secretKeys: readConfig({ SECRETS_KEY: `new:${key(2)}` }).secretKeys },
      at: { url: world.billing.databaseUrl },
    });
    try {
      await second.must("POST", `/v1/webhook-deliveries/${row.id}/retry`);
      await workOff(second);
    } finally {
      await second.close();
    }
    const [{ body, headers, event }] = receiver.at("/rotated") as [(typeof receiver.received)[0]];
    expect(new Webhook(secret).verify(body, headers)).toEqual(event);
  } finally {
    await world.close();
  }
});
