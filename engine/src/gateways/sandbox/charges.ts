/** The sandbox's charges and refunds: outcomes follow from the test card, and every answer is remembered by its key. */
import { randomBytes } from "node:crypto";
import type { ChargeOutcome, ChargeRequest, PaymentGateway, RefundOutcome, RefundRequest } from "../../billing/payments/gateway.ts";
import { formatInstant } from "../../billing/time/instant.ts";
import type { Clock } from "../../clock.ts";
import { type Pool, run } from "../../db/pool.ts";
import { toJson } from "../../http/json.ts";
import { NO_CARD, type TestCard, testCard } from "./cards.ts";
import { endWaiting, findWaiting } from "./confirmations.ts";

/** What becomes of a charge where the tenant has no card. */
export type WithoutCard = "pays" | "fails";

export interface SandboxSettings {
  /** Where this engine is reached from outside; its pages are served by `routes.ts` and `confirm-routes.ts`. */
  publicUrl: string;
  withoutCard: WithoutCard;
}

const GIVEN_UP = { status: "failed", code: "canceled", reason: "The payment was given up." } as const;

export type SandboxCharges = Required<
  Pick<PaymentGateway, "name" | "charge" | "testMethod" | "find" | "confirmation" | "abandon" | "refund" | "findRefund">
>;

export function sandboxCharges(pool: Pool, clock: Clock, { publicUrl, withoutCard }: SandboxSettings): SandboxCharges {
  const pageOf = (page: string | null) => (page === null ? null : `${publicUrl}/sandbox/payments/${page}`);
  const find: PaymentGateway["find"] = async (idempotencyKey) => {
    const [row] = await run<{ answer: Remembered; page: string | null }>(
      pool,
      "/* no tenant: the gateway's own memory */ select answer, page from sandbox_charges where idempotency_key = $1",
      [idempotencyKey],
    );
    if (!row) return null;
    // Whoever asks about an unanswered charge learns that it went through.
    return outcomeOf(row.answer.status === "unknown" ? { ...row.answer, status: "succeeded" } : row.answer, pageOf(row.page));
  };

  return {
    name: "sandbox",

    async charge(request) {
      const answer = decide(request, withoutCard);
      const waits = answer.status === "requires_action";
      const secret = waits ? `${answer.reference}_secret_${randomBytes(18).toString("base64url")}` : null;
      const page = waits ? randomBytes(24).toString("base64url") : null;
      const [row] = await run<{ answer: Remembered; page: string | null }>(
        pool,
        `/* no tenant: the gateway's own memory */
         insert into sandbox_charges (idempotency_key, answer, created_at, secret, page) values ($1, $2, $3, $4, $5)
         on conflict (idempotency_key) do update set idempotency_key = excluded.idempotency_key returning answer, page`,
        [request.idempotencyKey, toJson(answer), formatInstant(clock.now()), secret, page],
      );
      return outcomeOf(row!.answer, pageOf(row!.page));
    },

    testMethod(text) {
      const card = testCard(text);
      return card && { reference: card.token, brand: card.brand, last4: card.number.slice(-4) };
    },

    find,

    async confirmation(reference) {
      const waiting = await findWaiting(pool, "key", keyOf(reference));
      return waiting?.secret ? { clientSecret: waiting.secret, publicKey: null, method: waiting.answer.method ?? null } : null;
    },

    async abandon(reference) {
      const key = keyOf(reference);
      const waiting = await findWaiting(pool, "key", key);
      const ended = waiting && (await endWaiting(pool, waiting, GIVEN_UP));
      if (ended) return outcomeOf(ended, null);
      // It went on meanwhile: what it is now stands.
      const found = await find(key, { reference, customer: null, sentAt: null });
      return found ?? { status: "unknown", reason: "The sandbox knows no such charge." };
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

const keyOf = (reference: string) => reference.replace(/^sandbox_/, "");

export interface Remembered {
  status: ChargeOutcome["status"];
  reference: string;
  amount: string;
  currency: string;
  code: string | null;
  reason: string | null;
  /** Of a card that can be charged, but not be given back to. */
  refuses_refunds: boolean;
  /** What was charged; null: there was nothing. */
  method?: string | null;
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
    method: request.method,
  };
}

/** `url`: where a person confirms one that waits. */
export function outcomeOf(answer: Remembered, url: string | null): ChargeOutcome {
  const { reference, currency } = answer;
  switch (answer.status) {
    case "succeeded":
      return { status: "succeeded", reference, amountMinor: BigInt(answer.amount), currency };
    case "failed":
      return { status: "failed", reference, code: answer.code ?? "declined", reason: answer.reason ?? "The payment was declined." };
    case "requires_action":
      return { status: "requires_action", reference, url };
    case "pending":
      return { status: "pending", reference };
    case "unknown":
      return { status: "unknown", reason: answer.reason ?? "The sandbox did not answer." };
  }
}
