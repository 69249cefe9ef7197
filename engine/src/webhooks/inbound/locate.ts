/** Whose a fact is, and what is done about it: what a gateway names by its own words, found here. */
import type { Report } from "../../billing/subscriptions/processor.ts";
import type { Context } from "../../context.ts";
import type { Fact } from "./adapter.ts";
import type { Located, LocatedNowhere } from "./located.ts";
import { locateDispute, locateRefund } from "./money.ts";
import { locateOrderPayment } from "./orders.ts";
import { locatePayments } from "./payments.ts";

/** A text says why there is nothing to do. May ask the gateway, so it is called outside any transaction. */
export async function locate(ctx: Context, gateway: string, fact: Fact): Promise<Located | LocatedNowhere | string> {
  switch (fact.kind) {
    case "report":
      return mirrored(ctx, gateway, fact.report);
    case "offers":
      return offers(ctx, gateway);
    case "refund":
      return locateRefund(ctx, gateway, fact);
    case "dispute":
      return locateDispute(ctx, gateway, fact);
    case "order_payment":
      return locateOrderPayment(ctx, gateway, fact);
    default:
      return locatePayments(ctx, gateway, fact);
  }
}

async function mirrored(ctx: Context, gateway: string, report: Report): Promise<Located | string> {
  const processor = ctx.processors.outside(gateway);
  if (!processor) return `No processor is configured as ${gateway}.`;
  const found = await processor.mirror(ctx, report);
  // Taken over already, step by step: only its event is left to be marked.
  return typeof found === "string" ? found : { ...found, apply: async () => undefined };
}

function offers(ctx: Context, gateway: string): LocatedNowhere | string {
  const processor = ctx.processors.outside(gateway);
  if (!processor) return `No processor is configured as ${gateway}.`;
  return { tenantId: null, apply: (tx) => processor.offersChanged(tx) };
}
