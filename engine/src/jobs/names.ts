/** Every kind of job, listed once; `jobs/tasks.ts` says what each runs. */
export const JOB_NAMES = [
  "renew-due",
  "collect-due",
  "retry-due",
  "refund-due",
  "checkouts-due",
  "free-credits-due",
  "top-ups-due",
  "orders-due",
  "dispatch-inbound",
  "retry-inbound",
  "send-invoice",
  "forget-old-answers",
  "backfill-usage",
  "take-messages",
  "expire-credits",
  "sweep-limits",
  "look-for-alert",
  "sweep-alerts",
  "sweep-usage-alerts",
  "send-alert",
] as const;
export type JobName = (typeof JOB_NAMES)[number];
