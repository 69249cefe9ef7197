/** Jobs of subscriptions. */
import type { Task } from "../../jobs/task.ts";
import { generateMonthlyInvoice, type InvoiceAsked } from "./generate-monthly-invoice.ts";
import { renewDue } from "./renew.ts";
import { sweepFreeCredits } from "./sweep-free-credits.ts";

export const subscriptionTasks = {
  "renew-due": async (ctx) => void (await renewDue(ctx, { now: ctx.clock.now(), testClockId: null })),
  "free-credits-due": async (ctx) => void (await sweepFreeCredits(ctx)),
  generate_monthly_invoice: (ctx, payload) => generateMonthlyInvoice(ctx, payload as unknown as InvoiceAsked),
} satisfies Partial<Record<string, Task>>;
