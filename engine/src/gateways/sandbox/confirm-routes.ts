/** HTTP of confirming a payment that waits for the person, in the sandbox: with its client secret, or on a page of the sandbox's own. */
import type { FastifyInstance, FastifyReply } from "fastify";
import { Type } from "typebox";
import { ENGINE } from "../../auth/principal.ts";
import { recordOutcome } from "../../billing/payments/record-outcome.ts";
import { locatePayment } from "../../billing/payments/store.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { invalidField, Refusal } from "../../errors.ts";
import { Printed, route } from "../../http/route.ts";
import { Closed, Text } from "../../http/schema.ts";
import { testCard } from "./cards.ts";
import { outcomeOf, type Remembered } from "./charges.ts";
import { CONFIRM_POLICY, confirmedPage, confirmPage } from "./confirm-page.ts";
import { endWaiting, findWaiting, type Waiting } from "./confirmations.ts";

const REFUSED = {
  status: "failed",
  code: "payment_intent_authentication_failure",
  reason: "The payer did not confirm the payment.",
} as const;

export function sandboxConfirmRoutes(app: FastifyInstance, ctx: Context): void {
  if (ctx.config.mode !== "sandbox") return;
  route(app, ctx, {
    method: "POST",
    url: "/sandbox/payment-intents/confirm",
    permission: "public",
    summary: "Sandbox: confirm a payment that waits for the person with its client secret, as a page does at a real gateway",
    body: Closed({
      client_secret: Text(200),
      card: Type.Optional(Text(40, "The number or the token of another test card to pay with; the one that waits if not said.")),
    }),
    response: { 200: Type.Object({ status: Type.String() }) },
    handle: async ({ body }) => {
      const card = body.card === undefined ? null : testCard(body.card);
      if (body.card !== undefined && card === null) throw invalidField("card", "is no test card of the sandbox");
      const waiting = await findWaiting(ctx.pool, "secret", body.client_secret);
      const ended = waiting && (await end(ctx, waiting, card === null ? confirmed() : paidWith(card)));
      if (!ended) throw new Refusal("not_found", "There is no payment with this secret that waits for the person.");
      return { status: ended.status };
    },
  });
  // A scope of its own: no other route takes a form.
  void app.register((scope, _options, done) => {
    scope.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, async (_request: unknown, text: string) =>
      Object.fromEntries(new URLSearchParams(text)),
    );
    pageRoutes(scope, ctx);
    done();
  });
}

function pageRoutes(app: FastifyInstance, ctx: Context): void {
  const params = Type.Object({ page: Type.String({ maxLength: 64 }) });
  const show = (reply: FastifyReply, text: string) => {
    reply
      .header("content-type", "text/html; charset=utf-8")
      .header("content-security-policy", CONFIRM_POLICY)
      .header("referrer-policy", "no-referrer")
      .header("cache-control", "private, no-store")
      .header("x-content-type-options", "nosniff");
    return new Printed(text);
  };
  const over = "This payment does not wait to be confirmed any more.";

  route(app, ctx, {
    method: "GET",
    url: "/sandbox/payments/:page",
    permission: "public",
    summary: "The sandbox's page to confirm a payment",
    params,
    documented: false,
    handle: async ({ params: { page }, reply }) => {
      const waiting = await findWaiting(ctx.pool, "page", page);
      return show(reply, waiting ? confirmPage(waiting.answer) : confirmedPage(over));
    },
  });

  route(app, ctx, {
    method: "POST",
    url: "/sandbox/payments/:page",
    permission: "public",
    summary: "Confirm or refuse a payment on the sandbox's page",
    params,
    body: Type.Object({ action: Type.String({ maxLength: 16 }) }),
    bodyLimit: 4_096,
    documented: false,
    handle: async ({ params: { page }, body, reply }) => {
      if (body.action !== "confirm" && body.action !== "refuse") throw invalidField("action", "must be confirm or refuse");
      const waiting = await findWaiting(ctx.pool, "page", page);
      const ended = waiting && (await end(ctx, waiting, body.action === "confirm" ? confirmed() : REFUSED));
      if (!ended) return show(reply, confirmedPage(over));
      return show(reply, confirmedPage(ended.status === "succeeded" ? "The payment was confirmed." : "The payment was refused."));
    },
  });
}

const confirmed = (): Partial<Remembered> => ({ status: "succeeded" });

/** A card that asks to be confirmed is, by whoever is there. */
function paidWith({ outcome, code, reason, token, refusesRefunds }: NonNullable<ReturnType<typeof testCard>>): Partial<Remembered> {
  const status = outcome === "requires_action" ? "succeeded" : outcome;
  return { status, code: code ?? null, reason: reason ?? null, method: token, refuses_refunds: refusesRefunds ?? false };
}

/** Ends it at the gateway, then tells what a gateway's webhook would tell. null: somebody else was faster. */
async function end(ctx: Context, waiting: Waiting, to: Partial<Remembered>): Promise<Remembered | null> {
  const ended = await endWaiting(ctx.pool, waiting, to);
  // Of a card that is never answered nobody is told: it is found when the engine asks.
  if (!ended || ended.status === "unknown") return ended;
  const payment = await locatePayment(ctx.pool, "sandbox", { id: waiting.idempotency_key, reference: ended.reference });
  if (payment)
    await commit(ctx, { principal: ENGINE, tenantId: payment.tenant_id, source: "sandbox" }, (tx) =>
      recordOutcome(tx, { paymentId: payment.id, tenantId: payment.tenant_id, outcome: outcomeOf(ended, null) }),
    );
  return ended;
}
