/** Every kind of job, listed once; `jobs/tasks.ts` says what each runs. */
export const JOB_NAMES = [
  "renew-due",
  "collect-due",
  "retry-due",
  "refund-due",
  "payments-ask",
  "checkouts-due",
  "free-credits-due",
  "top-ups-due",
  "orders-due",
  "dispatch-inbound",
  "retry-inbound",
  "send-invoice",
  "forget-old-answers",
  "backfill-usage",
  "expire-credits",
  "sweep-limits",
] as const;
export type JobName = (typeof JOB_NAMES)[number];
