/** Jobs of invoices. */
import type { Task } from "../../jobs/task.ts";
import { askOrders } from "./ask-orders.ts";
import { recordTaxes } from "./record-taxes.ts";
import { retryDue } from "./retry.ts";
import { type Sending, sendInvoice } from "./send.ts";
import { topUpDue } from "./top-up.ts";

export const invoiceTasks = {
  "retry-due": async (ctx) => void (await retryDue(ctx, { now: ctx.clock.now(), testClockId: null })),
  "top-ups-due": async (ctx) => void (await topUpDue(ctx, { now: ctx.clock.now(), testClockId: null })),
  "orders-due": async (ctx) => void (await askOrders(ctx)),
  "taxes-due": async (ctx) => void (await recordTaxes(ctx)),
  "send-invoice": (ctx, payload) => sendInvoice(ctx, payload as unknown as Sending),
} satisfies Partial<Record<string, Task>>;
