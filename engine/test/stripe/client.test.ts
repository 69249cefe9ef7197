/** How Stripe's answers and silences come out of the client: over the wire, through the official SDK. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Refusal } from "../../src/errors.ts";
import { type GatewayCall, refusalOf, StripeRefusal, StripeSilence, stripeClient } from "../../src/gateways/stripe/client.ts";
import { schemasThere } from "./schemas.ts";
import { type Fault, SECRET_KEY, type StripeLoopback, startStripe } from "./server.ts";

let stripe: StripeLoopback;
const calls: GatewayCall[] = [];
beforeAll(async () => {
  stripe = await startStripe();
});
afterAll(() => stripe.close());

const client = (secretKey = SECRET_KEY, apiUrl = stripe.url, timeoutMs = 10_000) =>
  stripeClient({ secretKey, apiUrl, timeoutMs }, (call) => calls.push(call));
const makeCustomer = (key: string, email = "a@example.com", from = client()) =>
  from.call("customers.create", "customer", (sdk) => sdk.customers.create({ email }, { idempotencyKey: key }));
const thrown = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => expect.unreachable("it was answered"),
    (error: unknown) => error,
  );

test("Stripe's own schemas are beside this checkout", ({ skip }) => {
  if (!schemasThere) skip("not here: requests are not judged by Stripe's schemas");
  expect(schemasThere).toBe(true);
});

test.runIf(schemasThere)("the loopback refuses what Stripe's schemas do not have, and says what", async () => {
  const other = await startStripe();
  const extra = { name: "A", emial: "a@example.com" };
  const error = await thrown(
    client(SECRET_KEY, other.url).call("customers.create", "customer", (sdk) => sdk.customers.create(extra, { idempotencyKey: "odd" })),
  );
  expect(error).toBeInstanceOf(StripeRefusal);
  expect(other.objections.join()).toMatch(/POST \/v1\/customers: .*additional properties: emial/);
  await other.close();
});

test("an answer comes as it is, and the same key answers the same object", async () => {
  calls.length = 0;
  const [one, two] = [await makeCustomer("first"), await makeCustomer("first")];
  expect([one.object, one.email, two.id]).toEqual(["customer", "a@example.com", one.id]);
  expect(stripe.writes(/customers$/).map((request) => [request.idempotencyKey, request.headers["stripe-version"]])).toEqual([
    ["first", "2026-10-28.endive"],
    ["first", "2026-10-28.endive"],
  ]);
  expect(calls.splice(0).map(({ ms, ...call }) => ({ ...call, timed: ms > 0 }))).toEqual([
    { gateway: "stripe", operation: "customers.create", outcome: "answered", code: null, timed: true },
    { gateway: "stripe", operation: "customers.create", outcome: "answered", code: null, timed: true },
  ]);
});

test("what is refused is Stripe's word that nothing was done", async () => {
  const error = await thrown(client().call("customers.retrieve", "customer", (sdk) => sdk.customers.retrieve("cus_nobody")));
  expect(error).toBeInstanceOf(StripeRefusal);
  expect(error).toMatchObject({ status: 404, code: "resource_missing", param: "id", message: "No such customer: 'cus_nobody'" });
  expect(refusalOf(error)).toMatchObject({ code: "gateway_error", status: 502, extra: { gateway_code: "resource_missing" } });
});

test("a card that is declined is told by the bank's own code, with the intent it left", async () => {
  const customer = await makeCustomer("payer");
  const method = await client().call("payment_methods.attach", "payment_method", (sdk) =>
    sdk.paymentMethods.attach("pm_card_chargeDeclinedInsufficientFunds", { customer: customer.id }, { idempotencyKey: "attach" }),
  );
  const error = await thrown(
    client().call("payment_intents.create", "payment_intent", (sdk) =>
      sdk.paymentIntents.create(
        { amount: 1_000, currency: "usd", customer: customer.id, payment_method: method.id, confirm: true, off_session: true },
        { idempotencyKey: "declined" },
      ),
    ),
  );
  expect(error).toMatchObject({ code: "insufficient_funds", declined: true, intent: { object: "payment_intent", amount: 1_000 } });
  expect(refusalOf(error)).toMatchObject({ code: "payment_failed", status: 402 });
});

describe("silence: nobody knows whether it was done", () => {
  const cases: [Fault, number | null, string][] = [
    ["slow", null, "gateway_unavailable"],
    ["down", 500, "gateway_unavailable"],
    ["busy", 429, "gateway_unavailable"],
    ["locked", 409, "gateway_unavailable"],
    ["forbidden", 403, "gateway_error"],
  ];
  test.each(cases)("%s", async (fault, status, code) => {
    stripe.fail("POST", /customers$/, fault);
    const error = await thrown(
      makeCustomer(`silent-${fault}`, "a@example.com", client(SECRET_KEY, stripe.url, fault === "slow" ? 300 : 10_000)),
    );
    expect(error).toBeInstanceOf(StripeSilence);
    expect(error).toMatchObject({ status });
    expect(refusalOf(error)).toMatchObject({ code });
  });

  test("lesson 10: a 200 with an empty object is no customer", async () => {
    stripe.fail("POST", /customers$/, "odd");
    const error = await thrown(makeCustomer("odd"));
    expect(error).toBeInstanceOf(StripeSilence);
    expect((error as Error).message).toBe("Stripe answered customers.create with no customer.");
    expect((refusalOf(error) as Refusal).code).toBe("gateway_error");
  });

  test("nobody listens, or the key is wrong", async () => {
    expect(await thrown(makeCustomer("away", "a@example.com", client(SECRET_KEY, "http://127.0.0.1:9")))).toMatchObject({
      name: "StripeSilence",
      status: null,
    });
    expect(refusalOf(await thrown(makeCustomer("wrong", "a@example.com", client("sk_test_wrong"))))).toMatchObject({
      code: "gateway_error",
    });
  });

  test("a key that was used for something else", async () => {
    await makeCustomer("reused");
    expect(await thrown(makeCustomer("reused", "b@example.com"))).toMatchObject({ name: "StripeSilence", code: "idempotency_error" });
  });

  test("a connection that is cut is tried once more with the same key, and makes one", async () => {
    const before = stripe.all("customer").length;
    stripe.fail("POST", /customers$/, "lost");
    const customer = await makeCustomer("lost");
    expect(
      stripe
        .all("customer")
        .slice(0, -before || undefined)
        .map((one) => one.id),
    ).toEqual([customer.id]);
    expect(stripe.writes(/customers$/).filter((request) => request.idempotencyKey === "lost")).toHaveLength(2);
  });
});

test("what is not Stripe's goes through as it is", async () => {
  const own = new TypeError("ours");
  expect(await thrown(client().call("customers.list", "list", () => Promise.reject(own)))).toBe(own);
  expect(refusalOf(own)).toBe(own);
  expect(stripe.objections).toEqual([]);
});
