/**
 * From checkout to signed webhook over real HTTP, against a Stripe that is not ours: the `emulate` package. It knows customers and checkout
 * pages, signs its webhooks itself, and answers routes that it does not know with an empty object.
 */
import { createServer } from "node:net";
import { createEmulator, type Emulator } from "emulate";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { dispatchInbound } from "../../src/webhooks/inbound/dispatch.ts";
import { createWorld, type World } from "../world.ts";
import { WEBHOOK_SECRET } from "./signing.ts";

let world: World;
let emulator: Emulator;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

beforeAll(async () => {
  const port = await freePort();
  world = await createWorld({
    config: {
      logLevel: "silent",
      port: 0,
      stripe: {
        secretKey: "sk_test_emulated",
        publishableKey: null,
        apiUrl: `http://localhost:${port}`,
        timeoutMs: 10_000,
        portalReturnUrl: null,
      },
      stripeWebhookSecrets: [WEBHOOK_SECRET],
    },
  });
  const engine = await world.billing.listen();
  const webhook = { url: `${engine}/v1/webhooks/stripe`, events: ["*"], secret: WEBHOOK_SECRET };
  emulator = await createEmulator({ service: "stripe", port, seed: { stripe: { webhooks: [webhook] } } });
  await world.must("PUT", "/v1/plans/studio", {
    name: "Studio",
    currency: "usd",
    interval: "month",
    prices: [{ key: "base", type: "flat", amount: 1_900 }],
  });
  await world.must("PUT", "/v1/tenants/acme", { name: "Acme", email: "acme@example.com", currency: "usd" });
});
afterAll(async () => {
  await emulator?.close();
  await world?.close();
});

test("somebody finishes the page; its signed webhook comes in, and the subscription starts once", async () => {
  const checkout = await world.must("POST", "/v1/tenants/acme/checkout", {
    plan: "studio",
    gateway: "stripe",
    success_url: "https://app.example/paid",
    cancel_url: "https://app.example/back",
  });
  expect(checkout.url).toMatch(/^http:\/\/localhost:\d+\/checkout\/cs_/);
  const paid = await fetch(`${checkout.url}/complete`, { method: "POST", redirect: "manual" });
  expect([paid.status, paid.headers.get("location")]).toEqual([302, `https://app.example/paid?checkout_id=${checkout.id}`]);
  // The page tells by webhook before it answers, or a little later.
  const told = async () => (await world.must("GET", "/v1/inbound-events")).items.map((one: { type: string }) => one.type);
  await vi.waitFor(async () => expect(await told()).toContain("checkout.session.completed"), { timeout: 20_000, interval: 50 });
  await dispatchInbound(world.billing.ctx, "new");
  expect(await world.must("GET", `/v1/tenants/acme/checkouts/${checkout.id}`)).toMatchObject({ status: "completed" });
  expect(await world.must("GET", "/v1/tenants/acme/subscription")).toMatchObject({ plan: "studio", gateway: "stripe" });
  const { items } = await world.must("GET", "/v1/tenants/acme/events?type=subscription.started");
  expect(items).toHaveLength(1);
});

test("lesson 10: a route that it does not know answers {}, which is no setup intent", async () => {
  const answer = await world.post("/v1/tenants/acme/payment-methods/setup-intent", { gateway: "stripe" });
  expect([answer.status, answer.body.code]).toEqual([502, "gateway_error"]);
});
