/** What every gateway promises, whoever is behind it: the suite of the port `billing/payments/gateway.ts`. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ChargeRequest, PaymentGateway } from "../../src/billing/payments/gateway.ts";

export interface Contestant {
  gateway: PaymentGateway;
  currency: string;
  /** What it can be asked to charge; null: it charges nobody who is not there. */
  payer: {
    customer: string | null;
    good: string;
    declined: { method: string; code: string };
    /** A method whose bank wants the person; and the person, on a page that has the secret. Throws what that page would say. */
    asked: { method: string; confirm(clientSecret: string): Promise<void> };
  } | null;
  /** A payment that was made with this key, as money that can be given back. */
  paid(key: string, amountMinor: bigint): Promise<{ reference: string }>;
  /** How much money the vendor holds of what was made under the key, and how much of it went back; null: nobody can be asked. */
  books(reference: string): { taken: bigint; back: bigint } | null;
  /** The next call is done and never answered, as far as its caller can tell; absent: there is nobody who could be silent. */
  silence?(of: "charge" | "refund"): void;
  /** A person is asked to say that money went back. */
  refundsByPerson?: boolean;
  close(): Promise<void>;
}

let made = 0;
const key = (kind: string) => `${kind}_contract${Date.now()}x${++made}`;

export function gatewayContract(name: string, make: () => Promise<Contestant>): void {
  describe(`the contract of gateways: ${name}`, () => {
    let it: Contestant;
    beforeAll(async () => {
      it = await make();
    });
    afterAll(() => it?.close());

    const request = (over: Partial<ChargeRequest> = {}): ChargeRequest => ({
      idempotencyKey: key("pay"),
      tenantId: "acme",
      customer: it.payer?.customer ?? null,
      invoiceId: "inv_contract",
      invoiceNumber: "INV-1",
      amountMinor: 4_200n,
      currency: it.currency,
      method: it.payer?.good ?? null,
      ...over,
    });
    const hints = (reference: string | null = null) => ({ reference, customer: it.payer?.customer ?? null, sentAt: Date.now() });

    test("it has a name, and knows nothing of what it was never asked", async () => {
      expect(it.gateway.name).toBe(name);
      expect(await it.gateway.find(key("pay"), hints())).toBeNull();
      expect(await it.gateway.findRefund(key("refund"), null)).toBeNull();
    });

    test("a charge is taken once by its key, to the minor unit, and found again by key and by reference", async () => {
      const asked = request();
      const first = await it.gateway.charge(asked);
      if (it.payer === null) {
        expect(first).toMatchObject({ status: "failed", reference: null, code: "payer_needed", reason: expect.stringMatching(/\w/) });
        return;
      }
      expect(first).toMatchObject({ status: "succeeded", amountMinor: 4_200n, currency: it.currency });
      const { reference } = first as { reference: string };
      expect(await it.gateway.charge(asked)).toEqual(first);
      expect(await it.gateway.find(asked.idempotencyKey, hints())).toEqual(first);
      expect(await it.gateway.find(asked.idempotencyKey, hints(reference))).toEqual(first);
      expect(it.books(reference)?.taken ?? 4_200n).toBe(4_200n);
    });

    test("a refusal is an outcome with the gateway's own code and words, never an exception", async () => {
      const { declined } = it.payer ?? {};
      const answer = await it.gateway.charge(request(declined ? { method: declined.method } : {}));
      expect(answer).toMatchObject({ status: "failed", code: declined?.code ?? "payer_needed", reason: expect.stringMatching(/\w/) });
    });

    test("what the bank wants the person for waits with a secret, told only while it waits; confirmed, it is taken once", async () => {
      if (it.payer === null) return;
      const { method, confirm } = it.payer.asked;
      const asked = request({ method });
      const first = await it.gateway.charge(asked);
      expect(first).toMatchObject({ status: "requires_action", reference: expect.any(String) });
      const { reference } = first as { reference: string };
      expect(await it.gateway.charge(asked)).toEqual(first);
      expect(await it.gateway.find(asked.idempotencyKey, hints())).toEqual(first);
      expect(it.books(reference)?.taken ?? 0n).toBe(0n);
      const waiting = await it.gateway.confirmation!(reference);
      expect(waiting).toMatchObject({ clientSecret: expect.stringContaining(reference), method });
      expect(await it.gateway.confirmation!(reference)).toEqual(waiting);
      await confirm(waiting!.clientSecret);
      const then = { status: "succeeded", reference, amountMinor: 4_200n, currency: it.currency };
      expect(await it.gateway.find(asked.idempotencyKey, hints(reference))).toEqual(then);
      expect(await it.gateway.confirmation!(reference)).toBeNull();
      await expect(confirm(waiting!.clientSecret)).rejects.toThrow();
      // It went on: what it is now stands.
      expect(await it.gateway.abandon!(reference)).toEqual(then);
      expect(it.books(reference)?.taken ?? 4_200n).toBe(4_200n);
    });

    test("given up, it can be confirmed no more", async () => {
      if (it.payer === null) return;
      const { method, confirm } = it.payer.asked;
      const asked = request({ method });
      const { reference } = (await it.gateway.charge(asked)) as { reference: string };
      const waiting = await it.gateway.confirmation!(reference);
      expect(await it.gateway.abandon!(reference)).toMatchObject({ status: "failed", reference });
      expect(await it.gateway.confirmation!(reference)).toBeNull();
      await expect(confirm(waiting!.clientSecret)).rejects.toThrow();
      expect(await it.gateway.find(asked.idempotencyKey, hints(reference))).toMatchObject({ status: "failed" });
      expect(it.books(reference)?.taken ?? 0n).toBe(0n);
    });

    test("no answer is unknown; whoever asks then learns what became of it, and nothing is taken twice", async () => {
      if (it.payer === null || !it.silence) return;
      it.silence("charge");
      const asked = request();
      expect(await it.gateway.charge(asked)).toMatchObject({ status: "unknown", reason: expect.stringMatching(/\w/) });
      const found = await it.gateway.find(asked.idempotencyKey, hints());
      expect(found).toMatchObject({ status: "succeeded", amountMinor: 4_200n });
      expect(await it.gateway.charge(asked)).toMatchObject({ status: "succeeded", reference: (found as { reference: string }).reference });
    });

    test("a refund goes back once by its key, is found again, and never exceeds what was taken", async () => {
      const paymentKey = key("pay");
      const { reference } = await it.paid(paymentKey, 4_200n);
      const back = { idempotencyKey: key("refund"), paymentKey, paymentReference: reference, amountMinor: 1_000n, currency: it.currency };
      const first = await it.gateway.refund(back);
      if (it.refundsByPerson) {
        expect(first).toMatchObject({ status: "pending" });
        return;
      }
      expect(first).toMatchObject({ status: "succeeded", reference: expect.any(String) });
      expect(await it.gateway.refund(back)).toEqual(first);
      expect(await it.gateway.findRefund(back.idempotencyKey, reference)).toEqual(first);
      expect(it.books(reference)?.back ?? 1_000n).toBe(1_000n);
      expect(await it.gateway.refund({ ...back, idempotencyKey: key("refund"), amountMinor: 4_201n })).toMatchObject({ status: "failed" });
    });

    test("a refund without an answer is unknown, and found", async () => {
      if (it.refundsByPerson || !it.silence) return;
      const paymentKey = key("pay");
      const { reference } = await it.paid(paymentKey, 4_200n);
      it.silence("refund");
      const back = { idempotencyKey: key("refund"), paymentKey, paymentReference: reference, amountMinor: 500n, currency: it.currency };
      expect(await it.gateway.refund(back)).toMatchObject({ status: "unknown", reason: expect.stringMatching(/\w/) });
      expect(await it.gateway.findRefund(back.idempotencyKey, reference)).toMatchObject({ status: "succeeded" });
      expect(it.books(reference)?.back ?? 500n).toBe(500n);
    });

    test("a customer is one by its key, and is found by its name there alone", async () => {
      const { customers } = it.gateway;
      if (!customers) return;
      const asked = { idempotencyKey: key("gc"), tenantId: "acme", since: Date.now() };
      const [one, two] = await Promise.all([customers.create(asked), customers.create(asked)]);
      expect(two).toEqual(one);
      await customers.update(one.reference, { name: "Acme", email: null, address: null });
      expect(await customers.find(one.reference)).toMatchObject({ reference: one.reference });
      expect(await customers.find("nobody")).toBeNull();
    });

    test("a method is begun with a secret, and one that is not there can be detached", async () => {
      const { methods, customers } = it.gateway;
      if (!methods || !customers) return;
      const { reference: customer } = await customers.create({ idempotencyKey: key("gc"), tenantId: "acme", since: Date.now() });
      const setup = await methods.setup({ idempotencyKey: key("seti"), tenantId: "acme", customer });
      expect(setup).toMatchObject({ reference: expect.any(String), clientSecret: expect.stringContaining(setup.reference) });
      expect(await methods.list(customer)).toEqual([]);
      expect(await methods.find("nothing")).toBeNull();
      await methods.detach("nothing");
    });

    test("a page has an address, and is open until somebody finishes it", async () => {
      const { createCheckout, findCheckout, customers } = it.gateway;
      if (!createCheckout || !findCheckout) return;
      const customer = customers
        ? (await customers.create({ idempotencyKey: key("gc"), tenantId: "acme", since: Date.now() })).reference
        : null;
      const asked = {
        idempotencyKey: key("co"),
        paymentKey: key("pay"),
        tenantId: "acme",
        customer,
        mode: "payment" as const,
        offer: null,
        amountMinor: 900n,
        currency: it.currency,
        description: "A pack",
        successUrl: "https://app.example/paid",
        cancelUrl: "https://app.example/back",
        expiresAt: Date.now() + 86_400_000,
      };
      const page = await createCheckout(asked);
      expect(page.url).toMatch(/^https?:\/\//);
      expect(await findCheckout(asked.idempotencyKey, page.reference)).toEqual({ status: "open" });
      expect(await findCheckout(key("co"), "cs_nobody")).toBeNull();
    });
  });
}
