/**
 * The contract of gateways against the vendors themselves, in their test modes: `npm run test:live`, with STRIPE_TEST_KEY and with
 * RAZORPAY_TEST_KEY and RAZORPAY_TEST_SECRET. Not a part of `npm test`: where no vendor can be reached it proves nothing.
 */
import { expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { razorpayGateway } from "../../src/gateways/razorpay/gateway.ts";
import { stripeClient } from "../../src/gateways/stripe/client.ts";
import { stripeGateway } from "../../src/gateways/stripe/gateway.ts";
import { gatewayContract } from "../contracts/gateway.ts";

const { STRIPE_TEST_KEY: stripeKey, RAZORPAY_TEST_KEY: razorpayKey, RAZORPAY_TEST_SECRET: razorpaySecret } = process.env;

test("there is a key of a vendor's test mode", () => {
  expect(
    [stripeKey, razorpayKey].some((key) => key !== undefined),
    "set STRIPE_TEST_KEY, or RAZORPAY_TEST_KEY and RAZORPAY_TEST_SECRET",
  ).toBe(true);
  expect(stripeKey ?? "sk_test_").toMatch(/^[sr]k_test_/);
  expect(razorpayKey ?? "rzp_test_").toMatch(/^rzp_test_/);
});

if (stripeKey?.includes("k_test_"))
  gatewayContract("stripe", async () => {
    const client = stripeClient({ secretKey: stripeKey, apiUrl: "https://api.stripe.com", timeoutMs: 30_000 });
    const gateway = stripeGateway(client, systemClock, { publishableKey: null, portalReturnUrl: null });
    const run = `${Date.now()}`;
    const { reference: customer } = await gateway.customers!.create({
      idempotencyKey: `gc_live_${run}`,
      tenantId: "acme",
      since: Date.now(),
    });
    const attach = (card: string) =>
      client.call("payment_methods.attach", "payment_method", (stripe) =>
        stripe.paymentMethods.attach(card, { customer }, { idempotencyKey: `${card}_${run}` }),
      );
    const good = (await attach("pm_card_visa")).id;
    return {
      gateway,
      currency: "usd",
      // This card can be attached, and is declined whenever it is charged.
      payer: {
        customer,
        good,
        declined: { method: (await attach("pm_card_chargeCustomerFail")).id, code: "generic_decline" },
        asked: {
          method: (await attach("pm_card_authenticationRequired")).id,
          // Nobody is there who would do what the bank asks, but another card may be given instead.
          confirm: async (secret) => {
            const [intent = ""] = secret.split("_secret_");
            await client.call("payment_intents.confirm", "payment_intent", (stripe) =>
              stripe.paymentIntents.confirm(intent, { payment_method: good }, { idempotencyKey: `confirm_${secret}_${Date.now()}` }),
            );
          },
        },
      },
      async paid(key, amountMinor) {
        const asked = { tenantId: "acme", customer, invoiceId: "inv_live", invoiceNumber: null, currency: "usd", method: good };
        return (await gateway.charge({ ...asked, idempotencyKey: key, amountMinor })) as { reference: string };
      },
      books: () => null,
      close: async () => {
        await client.call("customers.del", "customer", (stripe) => stripe.customers.del(customer));
      },
    };
  });

if (razorpayKey && razorpaySecret)
  test("Razorpay makes an order, and finds it by its receipt", async () => {
    const { orders } = razorpayGateway({
      keyId: razorpayKey,
      keySecret: razorpaySecret,
      apiUrl: "https://api.razorpay.com/v1",
      timeoutMs: 30_000,
    });
    const asked = { receipt: `live_${Date.now()}`, amountMinor: 50_000n, currency: "inr", notes: { tenant: "acme" } };
    const made = await orders!.create(asked);
    expect(made).toMatchObject({ status: "open" });
    const { reference } = made as { reference: string };
    expect([await orders!.find(asked), await orders!.receiptOf(reference), await orders!.payments(reference)]).toEqual([
      { reference },
      asked.receipt,
      [],
    ]);
  });
