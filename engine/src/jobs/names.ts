/** Every kind of job, listed once; `jobs/tasks.ts` says what each runs. */
export const JOB_NAMES = [
  "renew-due",
  "collect-due",
  "retry-due",
  "refund-due",
  "send-invoice",
  "forget-old-answers",
  "backfill-usage",
  "sweep-limits",
  "expire-credits",
] as const;
export type JobName = (typeof JOB_NAMES)[number];
