/** HTTP of quotes. */
import type { FastifyInstance } from "fastify";
import type { Context } from "../../context.ts";
import { route } from "../../http/route.ts";
import { quote } from "./quote.ts";
import { QuoteBody, QuoteView } from "./quote-schema.ts";

export function quoteRoutes(app: FastifyInstance, ctx: Context): void {
  route(app, ctx, {
    method: "POST",
    url: "/v1/quote",
    permission: "billing.read",
    summary: "Price quantities or events without storing anything",
    body: QuoteBody,
    response: { 200: QuoteView },
    handle: async ({ body }) => quote(body, await ctx.catalog.current({ fresh: body.plan != null }), ctx.clock.now()),
  });
}
