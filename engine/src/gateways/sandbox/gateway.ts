/**
 * The gateway that needs nobody: outcomes follow from the test card, every answer is remembered by its key as a real
 * gateway does, and a tenant without a card pays, so that a first invoice is paid without any set-up; unless it is told otherwise.
 */
import type { ChargeOutcome, ChargeRequest, PaymentGateway, RefundOutcome, RefundRequest } from "../../billing/payments/gateway.ts";
import { formatInstant } from "../../billing/time/instant.ts";
import type { Clock } from "../../clock.ts";
import { type Pool, run } from "../../db/pool.ts";
import { toJson } from "../../http/json.ts";
import { NO_CARD, type TestCard, testCard } from "./cards.ts";
import { sandboxCheckouts } from "./checkout.ts";
import { sandboxMethods } from "./setups.ts";

/** What becomes of a charge where the tenant has no card. */
export type WithoutCard = "pays" | "fails";

export interface SandboxSettings {
  /** Where this engine is reached from outside; its checkout pages are served by `routes.ts`. */
  publicUrl: string;
  withoutCard: WithoutCard;
}

export function sandboxGateway(pool: Pool, clock: Clock, { publicUrl, withoutCard }: SandboxSettings): PaymentGateway {
  const gateway = sandboxCharges(pool, clock, withoutCard);
  const checkouts = sandboxCheckouts(pool, clock, publicUrl, gateway);
  return {
    ...gateway,
    createCheckout: checkouts.create,
    findCheckout: checkouts.find,
    // Made by being named.
    customers: {
      create: async ({ idempotencyKey }) => ({ reference: `sandbox_${idempotencyKey}` }),
      update: async () => undefined,
      find: async (reference) => (reference.startsWith("sandbox_") ? { reference, defaultMethod: null } : null),
    },
    methods: sandboxMethods(pool, clock),
  };
}

function sandboxCharges(pool: Pool, clock: Clock, withoutCard: WithoutCard): PaymentGateway {
  return {
    name: "sandbox",

    async charge(request) {
      const [row] = await run<{ answer: Remembered }>(
        pool,
        `/* no tenant: the gateway's own memory */
         insert into sandbox_charges (idempotency_key, answer, created_at) values ($1, $2, $3)
         on conflict (idempotency_key) do update set idempotency_key = excluded.idempotency_key returning answer`,
        [request.idempotencyKey, toJson(decide(request, withoutCard)), formatInstant(clock.now())],
      );
      return outcomeOf(row!.answer);
    },

    testMethod(text) {
      const card = testCard(text);
      return card && { reference: card.token, brand: card.brand, last4: card.number.slice(-4) };
    },

    async find(idempotencyKey) {
      const [row] = await run<{ answer: Remembered }>(
        pool,
        "/* no tenant: the gateway's own memory */ select answer from sandbox_charges where idempotency_key = $1",
        [idempotencyKey],
      );
      if (!row) return null;
      // Whoever asks about an unanswered charge learns that it went through.
      return outcomeOf(row.answer.status === "unknown" ? { ...row.answer, status: "succeeded" } : row.answer);
    },

    async refund(request) {
      const [charge] = await run<{ answer: Remembered }>(
        pool,
        "/* no tenant: the gateway's own memory */ select answer from sandbox_charges where idempotency_key = $1",
        [request.paymentKey],
      );
      const [row] = await run<{ answer: RefundOutcome }>(
        pool,
        `/* no tenant: the gateway's own memory */
         insert into sandbox_charges (idempotency_key, answer, created_at) values ($1, $2, $3)
         on conflict (idempotency_key) do update set idempotency_key = excluded.idempotency_key returning answer`,
        [request.idempotencyKey, toJson(decideRefund(request, charge?.answer ?? null)), formatInstant(clock.now())],
      );
      return row!.answer;
    },

    async findRefund(idempotencyKey) {
      const [row] = await run<{ answer: RefundOutcome }>(
        pool,
        "/* no tenant: the gateway's own memory */ select answer from sandbox_charges where idempotency_key = $1",
        [idempotencyKey],
      );
      return row?.answer ?? null;
    },
  };
}

function decideRefund(request: RefundRequest, charge: Remembered | null): RefundOutcome {
  if (charge === null || request.amountMinor > BigInt(charge.amount)) {
    return { status: "failed", reference: null, code: "charge_not_found", reason: "The sandbox knows no charge of this amount." };
  }
  if (charge.refuses_refunds)
    return { status: "failed", reference: null, code: "refund_refused", reason: "The card takes no refunds any more." };
  return { status: "succeeded", reference: `sandbox_${request.idempotencyKey}` };
}

interface Remembered {
  status: ChargeOutcome["status"];
  reference: string;
  amount: string;
  currency: string;
  code: string | null;
  reason: string | null;
  /** Of a card that can be charged, but not be given back to. */
  refuses_refunds: boolean;
}

function decide(request: ChargeRequest, withoutCard: WithoutCard): Remembered {
  const none = withoutCard === "fails" ? ({ outcome: "failed", ...NO_CARD } as const) : null;
  const card: Partial<TestCard> | null = request.method === null ? none : testCard(request.method);
  return {
    status: card?.outcome ?? "succeeded",
    reference: `sandbox_${request.idempotencyKey}`,
    amount: request.amountMinor.toString(),
    currency: request.currency,
    code: card?.code ?? null,
    reason: card?.reason ?? null,
    refuses_refunds: card?.refusesRefunds ?? false,
  };
}

function outcomeOf(answer: Remembered): ChargeOutcome {
  const { reference, currency } = answer;
  switch (answer.status) {
    case "succeeded":
      return { status: "succeeded", reference, amountMinor: BigInt(answer.amount), currency };
    case "failed":
      return { status: "failed", reference, code: answer.code ?? "declined", reason: answer.reason ?? "The payment was declined." };
    case "requires_action":
      return { status: "requires_action", reference, url: null };
    case "pending":
      return { status: "pending", reference };
    case "unknown":
      return { status: "unknown", reason: answer.reason ?? "The sandbox did not answer." };
  }
}
