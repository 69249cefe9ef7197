/** HTTP of the sandbox's checkout pages. Sandbox mode only: what a real gateway serves from its own machines. */
import type { FastifyInstance, FastifyReply } from "fastify";
import { Type } from "typebox";
import { ENGINE } from "../../auth/principal.ts";
import { addMethod } from "../../billing/payments/add-method.ts";
import { withCheckout } from "../../billing/payments/checkout.ts";
import { settleCheckout } from "../../billing/payments/settle-checkout.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { invalidField, Refusal } from "../../errors.ts";
import { Printed, route } from "../../http/route.ts";
import { Closed, Text } from "../../http/schema.ts";
import { testCard } from "./cards.ts";
import { chargePage } from "./checkout.ts";
import { checkoutPage, closedPage, pagePolicy } from "./checkout-page.ts";
import { findPage, finishPage, type SandboxPage } from "./checkout-store.ts";
import { finishSetup } from "./setups.ts";

const Token = Type.Object({ token: Type.String({ maxLength: 64 }) });
const FORM_LIMIT = 4_096;

export function sandboxCheckoutRoutes(app: FastifyInstance, ctx: Context): void {
  if (ctx.config.mode !== "sandbox") return;
  setupRoutes(app, ctx);
  // A scope of its own: no other route takes a form.
  void app.register((scope, _options, done) => {
    scope.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, async (_request: unknown, text: string) =>
      Object.fromEntries(new URLSearchParams(text)),
    );
    pageRoutes(scope, ctx);
    done();
  });
}

function setupRoutes(app: FastifyInstance, ctx: Context): void {
  route(app, ctx, {
    method: "POST",
    url: "/sandbox/setup-intents/confirm",
    permission: "public",
    summary: "Sandbox: leave a test card with the client secret of a setup intent, as a page does at a real gateway",
    body: Closed({ client_secret: Text(120), card: Text(40, "The number or the token of a test card.") }),
    response: { 200: Type.Object({ status: Type.String() }) },
    handle: async ({ body }) => {
      const card = ctx.gateways.get("sandbox").testMethod?.(body.card);
      if (!card) throw invalidField("card", "is no test card of the sandbox");
      const setup = await finishSetup(ctx.pool, body.client_secret, ctx.clock.now());
      if (!setup) throw new Refusal("not_found", "There is no setup intent with this secret that is not finished.");
      const { tenantId } = setup;
      // What a gateway's webhook would tell.
      await commit(ctx, { principal: ENGINE, tenantId, source: "sandbox" }, (tx) =>
        addMethod(tx, { tenantId, gateway: "sandbox", ...card }),
      );
      return { status: "succeeded" };
    },
  });
}

function pageRoutes(app: FastifyInstance, ctx: Context): void {
  const pageOf = async (token: string): Promise<SandboxPage> => {
    const page = /^[\w-]{32}$/.test(token) ? await findPage(ctx.pool, "token", token) : null;
    if (!page) throw new Refusal("not_found", "There is no such checkout.");
    if (page.status !== "open") return page;
    return (await finishPage(ctx.pool, token, { status: "expired", card: null }, ctx.clock.now())) ?? page;
  };
  const show = (reply: FastifyReply, page: SandboxPage, failure: string | null) => {
    reply
      .header("content-type", "text/html; charset=utf-8")
      .header("content-security-policy", pagePolicy(page))
      .header("referrer-policy", "no-referrer")
      .header("cache-control", "private, no-store")
      .header("x-content-type-options", "nosniff");
    if (page.status === "open") return new Printed(checkoutPage(page, failure));
    return new Printed(closedPage({ ...page, status: page.status }, onward(page)));
  };
  const leave = (reply: FastifyReply, page: SandboxPage) => {
    reply.status(303).header("location", onward(page)).header("content-type", "text/plain; charset=utf-8");
    return new Printed("");
  };

  route(app, ctx, {
    method: "GET",
    url: "/sandbox/checkout/:token",
    permission: "public",
    summary: "The sandbox's checkout page",
    params: Token,
    documented: false,
    handle: async ({ params, reply }) => show(reply, await pageOf(params.token), null),
  });

  route(app, ctx, {
    method: "POST",
    url: "/sandbox/checkout/:token",
    permission: "public",
    summary: "Pay or cancel on the sandbox's checkout page",
    params: Token,
    body: Type.Object({ action: Type.String({ maxLength: 16 }), card: Type.Optional(Type.String({ maxLength: 40 })) }),
    bodyLimit: FORM_LIMIT,
    documented: false,
    handle: async ({ params, body, reply }) => {
      const page = await pageOf(params.token);
      if (page.status !== "open") return leave(reply, page);
      if (body.action === "cancel") {
        const ended = await finishPage(ctx.pool, page.token, { status: "canceled", card: null }, ctx.clock.now());
        await settleCheckout(ctx, { id: page.checkout_id, tenantId: null });
        return leave(reply, ended ?? (await pageOf(page.token)));
      }
      if (body.action !== "pay") throw invalidField("action", "must be pay or cancel");
      const card = testCard(body.card ?? "");
      if (!card) throw invalidField("card", "is no test card of the sandbox");
      if (card.outcome === "failed") {
        reply.status(402);
        return show(reply, page, card.reason ?? "The card was declined.");
      }
      // Who presses twice, or in two windows, pays once: the first ends the page.
      const paid = await finishPage(ctx.pool, page.token, { status: "completed", card: card.token }, ctx.clock.now());
      if (paid?.mode === "payment") await chargePage(ctx.gateways.get("sandbox"), paid);
      // What a gateway's webhook would tell. Of this card nobody is told.
      if (card.outcome !== "unknown") await settleCheckout(ctx, { id: page.checkout_id, tenantId: null });
      return leave(reply, paid ?? (await pageOf(page.token)));
    },
  });
}

function onward(page: SandboxPage): string {
  return withCheckout(page.status === "completed" ? page.success_url : page.cancel_url, page.checkout_id);
}
