/** Jobs of payments. */
import type { Task } from "../../jobs/task.ts";
import { askAboutPayments } from "./ask-payments.ts";
import { collectDue } from "./collect.ts";
import { refundDue } from "./give-back.ts";
import { settleCheckouts } from "./settle-checkout.ts";
import { tellAbout } from "./tell-about.ts";

export const paymentTasks = {
  "collect-due": async (ctx) => void (await collectDue(ctx)),
  "refund-due": async (ctx) => void (await refundDue(ctx)),
  "payments-ask": async (ctx) => void (await askAboutPayments(ctx)),
  "tell-gateways": (ctx, payload) => tellAbout(ctx, String(payload.tenant)),
  "checkouts-due": async (ctx) => void (await settleCheckouts(ctx)),
} satisfies Partial<Record<string, Task>>;
