/** Logs tell what happened, by id and route, and hold no secret: of an engine in a process of its own, at its most talkative. */
import { afterAll, expect, test, vi } from "vitest";
import { createTestDatabase } from "./database.ts";
import { freePort, killEngines, startEngine } from "./engine-process.ts";

const SECRETS = {
  BILLWRIGHT_API_KEY: "bw_test_first_key_that_nobody_may_read",
  JWT_SECRET: "jwt-secret-that-nobody-may-read-anywhere",
  METRICS_TOKEN: "metrics-token-that-nobody-may-read",
  RAZORPAY_KEY_SECRET: "razorpay-secret-that-nobody-may-read",
  RAZORPAY_WEBHOOK_SECRET: "razorpay-webhook-secret-nobody-reads",
  SMTP_PASSWORD: "smtp-password-that-nobody-may-read",
};
// What callers send and are answered: a card's token, a wrong key, a forged one.
const SENT = ["tok_declined", "bw_test_wrong_key_that_was_guessed", "eyJhbGciOiJIUzI1NiJ9.e30.forged", "private-note-of-a-customer"];

afterAll(killEngines);

test("keys, tokens and what callers send never come into it; requests are told by id, route, status and time", {
  timeout: 120_000,
}, async () => {
  const database = await createTestDatabase();
  const [port, metricsPort, nowhere] = [await freePort(), await freePort(), await freePort()];
  const { SMTP_PASSWORD, ...env } = SECRETS;
  const engine = startEngine(["serve"], {
    ...env,
    DATABASE_URL: database.url,
    PORT: String(port),
    METRICS_PORT: String(metricsPort),
    LOG_LEVEL: "trace",
    LOG_REQUESTS: "info",
    RAZORPAY_KEY_ID: "rzp_test_key",
    RAZORPAY_API_URL: `http://127.0.0.1:${nowhere}`,
    SMTP_URL: `smtp://mailer:${SMTP_PASSWORD}@127.0.0.1:${nowhere}`,
    MAIL_FROM: "billing@example.com",
  });
  await engine.until("serves");
  const base = `http://127.0.0.1:${port}`;
  const ask = async (method: string, path: string, body?: unknown, authorization = `Bearer ${SECRETS.BILLWRIGHT_API_KEY}`) => {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: {
        authorization,
        "x-request-id": "told-by-the-caller",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  };
  const must = async (method: string, path: string, body?: unknown) => JSON.parse((await ask(method, path, body)).text);
  await must("PUT", "/v1/catalog", {
    plans: [{ key: "pro", name: "Pro", currency: "inr", interval: "month", prices: [{ key: "base", type: "flat", amount: 5_000 }] }],
  });
  await must("PUT", "/v1/tenants/acme", { currency: "inr", email: "acme@example.com", metadata: { note: SENT[3] } });
  const { secret } = await must("POST", "/v1/api-keys", { name: "second", scopes: ["billing.read"] });
  const { url: portal } = await must("POST", "/v1/tenants/acme/portal", {});
  await must("POST", "/v1/tenants/acme/payment-methods/setup-intent", { token: SENT[0] });
  await must("POST", "/v1/tenants/acme/subscription", { plan: "pro" });
  // A gateway and a mail server that are not there: errors with all that they carry are logged.
  await must("PUT", "/v1/alert-rules", { kind: "payment_failed", email: ["ops@example.com"] });
  const { items } = await must("GET", "/v1/tenants/acme/invoices");
  await ask("POST", `/v1/invoices/${items[0].id}/razorpay-order`);
  await ask("POST", `/v1/invoices/${items[0].id}/send`, { channel: "email" });
  expect((await ask("GET", "/v1/tenants/acme", undefined, `Bearer ${SENT[1]}`)).status).toBe(401);
  expect((await ask("GET", "/v1/tenants/acme", undefined, `Bearer ${SENT[2]}`)).status).toBe(401);
  expect((await ask("POST", "/v1/usage", '{"broken": "private-note-of-a-customer')).status).toBe(422);
  await fetch(`${base}/v1/webhooks/razorpay`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-razorpay-signature": "00" },
    body: "{}",
  });
  // The port of its own has metrics for the token, and nothing else.
  const scrape = (path: string, token: string) =>
    fetch(`http://127.0.0.1:${metricsPort}${path}`, { headers: { authorization: `Bearer ${token}` } });
  const metrics = await (await scrape("/metrics", SECRETS.METRICS_TOKEN)).text();
  expect(metrics).toContain('billing_webhooks_received_total{gateway="razorpay",outcome="refused"} 1');
  expect([(await scrape("/metrics", "another")).status, (await scrape("/v1/tenants", SECRETS.METRICS_TOKEN)).status]).toEqual([404, 404]);
  expect((await ask("GET", "/metrics")).status).toBe(404);
  await vi.waitFor(
    async () =>
      expect(await (await scrape("/metrics", SECRETS.METRICS_TOKEN)).text()).toMatch(
        /billing_jobs_total\{job="send-invoice",outcome="failed"\}/,
      ),
    {
      timeout: 60_000,
      interval: 200,
    },
  );
  await engine.end("SIGTERM");
  const { err } = await engine.ended();
  await database.drop();

  const lines = err
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.find((line) => line.route === "/v1/tenants/:tenant_id/subscription")).toMatchObject({
    msg: "request",
    method: "POST",
    status: 201,
    request_id: "told-by-the-caller",
    ms: expect.any(Number),
  });
  // What failed was told, too.
  expect(lines.some(({ level }) => Number(level) >= 50)).toBe(true);
  const forbidden = [...Object.values(SECRETS), ...SENT, secret, String(portal).split(/[=/]/).at(-1)!];
  expect(forbidden.every((text) => text.length > 10)).toBe(true);
  expect(forbidden.filter((text) => err.includes(text))).toEqual([]);
});
