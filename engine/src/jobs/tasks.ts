/** What each job runs, and when the sweeps run by themselves. Every name of `names.ts` is here; the compiler sees to it. */
import { alertTasks } from "../alerts/jobs.ts";
import { creditTasks } from "../billing/credits/jobs.ts";
import { entitlementTasks } from "../billing/entitlements/jobs.ts";
import { invoiceTasks } from "../billing/invoices/jobs.ts";
import { forgetAnswers } from "../billing/invoices/tax-store.ts";
import { paymentTasks } from "../billing/payments/jobs.ts";
import { subscriptionTasks } from "../billing/subscriptions/jobs.ts";
import { usageTasks } from "../billing/usage/jobs.ts";
import { processorTasks } from "../processors/stripe/jobs.ts";
import { queueTasks } from "../queues/jobs.ts";
import { inboundTasks } from "../webhooks/inbound/jobs.ts";
import { outboundTasks } from "../webhooks/outbound/jobs.ts";
import { forgetOldAnswers, forgetOldRuns } from "./housekeeping.ts";
import type { JobName } from "./names.ts";
import type { Task } from "./task.ts";

export const TASKS: Record<JobName, Task> = {
  ...alertTasks,
  ...subscriptionTasks,
  ...invoiceTasks,
  ...paymentTasks,
  ...usageTasks,
  ...creditTasks,
  ...entitlementTasks,
  ...inboundTasks,
  ...processorTasks,
  ...outboundTasks,
  ...queueTasks,
  "forget-old-answers": async (ctx) => {
    await forgetOldAnswers(ctx);
    await forgetOldRuns(ctx);
    await forgetAnswers(ctx.pool, ctx.clock.now() - 7 * 86_400_000);
  },
};

/** Due work is found in data, so a sweep that is missed is made up for by the next. UTC. */
export const CRONTAB = `
* * * * * renew-due ?jobKey=renew-due
* * * * * retry-due ?jobKey=retry-due
* * * * * collect-due ?jobKey=collect-due
* * * * * refund-due ?jobKey=refund-due
* * * * * payments-ask ?jobKey=payments-ask
* * * * * checkouts-due ?jobKey=checkouts-due
* * * * * orders-due ?jobKey=orders-due
* * * * * taxes-due ?jobKey=taxes-due
* * * * * dispatch-inbound ?jobKey=dispatch-inbound
* * * * * retry-inbound ?jobKey=retry-inbound
* * * * * processor-due ?jobKey=processor-due
* * * * * processor-usage ?jobKey=processor-usage
7 * * * * processor-missed ?jobKey=processor-missed
* * * * * send-webhooks ?jobKey=send-webhooks
* * * * * free-credits-due ?jobKey=free-credits-due
* * * * * top-ups-due ?jobKey=top-ups-due
* * * * * expire-credits ?jobKey=expire-credits
* * * * * sweep-limits ?jobKey=sweep-limits
* * * * * sweep-alerts ?jobKey=sweep-alerts
7 * * * * sweep-usage-alerts ?jobKey=sweep-usage-alerts
7 * * * * aggregate_daily ?jobKey=aggregate_daily
23 * * * * forget-deliveries ?jobKey=forget-deliveries
17 * * * * forget-old-answers ?jobKey=forget-old-answers
`;

/** Those that run by themselves, by name. */
export const SWEEPS = [...new Set([...CRONTAB.matchAll(/ (\S+) \?jobKey/g)].map((match) => match[1] as JobName))];
