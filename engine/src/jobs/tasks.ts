/** What each job runs, and when the sweeps run by themselves. Every name of `names.ts` is here; the compiler sees to it. */
import { creditTasks } from "../billing/credits/jobs.ts";
import { entitlementTasks } from "../billing/entitlements/jobs.ts";
import { invoiceTasks } from "../billing/invoices/jobs.ts";
import { paymentTasks } from "../billing/payments/jobs.ts";
import { subscriptionTasks } from "../billing/subscriptions/jobs.ts";
import { usageTasks } from "../billing/usage/jobs.ts";
import { inboundTasks } from "../webhooks/inbound/jobs.ts";
import { forgetOldAnswers } from "./housekeeping.ts";
import type { JobName } from "./names.ts";
import type { Task } from "./task.ts";

export const TASKS: Record<JobName, Task> = {
  ...subscriptionTasks,
  ...invoiceTasks,
  ...paymentTasks,
  ...usageTasks,
  ...creditTasks,
  ...entitlementTasks,
  ...inboundTasks,
  "forget-old-answers": forgetOldAnswers,
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
* * * * * dispatch-inbound ?jobKey=dispatch-inbound
* * * * * retry-inbound ?jobKey=retry-inbound
* * * * * free-credits-due ?jobKey=free-credits-due
* * * * * top-ups-due ?jobKey=top-ups-due
* * * * * expire-credits ?jobKey=expire-credits
* * * * * sweep-limits ?jobKey=sweep-limits
17 * * * * forget-old-answers ?jobKey=forget-old-answers
`;
