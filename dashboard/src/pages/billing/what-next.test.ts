import type { Subscription } from "@billwright/client";
import { expect, test } from "vitest";
import { timeText } from "../../text/time.ts";
import { type Situation, whatNext } from "./what-next.ts";

const NOW = "2026-10-05T09:00:00Z";

function said(subscription: Partial<Subscription>, more: Partial<Situation> = {}): string {
  const { tone, text } = whatNext({
    subscription: {
      status: "active",
      plan: "pro",
      seats: 3,
      auto_renew: true,
      cancel_at: null,
      trial_end: null,
      grace_until: null,
      scheduled_change: null,
      pause: null,
      ended_at: null,
      current_period_end: "2026-11-01T00:00:00Z",
      ...subscription,
    } as Subscription,
    next: { total: 45_106, currency: "usd" },
    now: NOW,
    time: timeText("UTC"),
    planName: (key) => ({ pro: "Pro", starter: "Starter" })[key ?? ""] ?? "Free",
    hasPaymentMethod: true,
    due: null,
    ...more,
  });
  return `${tone}: ${text}`;
}

test.each<[string, string]>([
  [said({}), "good: Renews on 1 Nov 2026, in 27 days, with $451.06 to pay as things stand."],
  [said({}, { next: null }), "good: Renews on 1 Nov 2026, in 27 days."],
  [
    said({ cancel_at: "2026-11-01T00:00:00Z" }),
    "warn: Ends on 1 Nov 2026, in 27 days. Until then all stays as it is, and it does not renew.",
  ],
  [said({ auto_renew: false }), "warn: Ends on 1 Nov 2026, in 27 days. Until then all stays as it is, and it does not renew."],
  [
    said({ scheduled_change: { plan: "starter", seats: 1, effective_at: "2026-11-01T00:00:00Z" } }),
    "good: Changes to Starter with 1 seat on 1 Nov 2026, in 27 days.",
  ],
  [
    said({ scheduled_change: { plan: "pro", seats: 2, effective_at: "2026-11-01T00:00:00Z" } }),
    "good: Goes on with 2 seats on 1 Nov 2026, in 27 days.",
  ],
  [
    said({ status: "trialing", trial_end: "2026-10-06T12:00:00Z" }),
    "info: Your trial ends on 6 Oct 2026, tomorrow. Then Pro begins, with $451.06 to pay.",
  ],
  [
    said({ status: "trialing", trial_end: "2026-10-06T12:00:00Z" }, { hasPaymentMethod: false }),
    "warn: Your trial ends on 6 Oct 2026, tomorrow. Then Pro begins, with $451.06 to pay. Add a payment method before, so that it can go on.",
  ],
  [
    said({ status: "trialing", trial_end: "2026-10-06T12:00:00Z", cancel_at: "2026-10-06T12:00:00Z" }),
    "warn: Your trial ends on 6 Oct 2026, tomorrow, and nothing will be charged.",
  ],
  [
    said({ status: "past_due", grace_until: "2026-10-08T00:00:00Z" }, { due: { amount: 12_000, currency: "usd" } }),
    "bad: The payment of $120.00 failed. Everything works until 8 Oct 2026, in 3 days; pay before then, so that it stays so.",
  ],
  [
    said({ status: "past_due", grace_until: "2026-10-04T00:00:00Z" }),
    "bad: The payment failed, and the time to make up for it is over. Pay now to use everything again.",
  ],
  [
    said({ status: "paused", pause: { paused_at: NOW, resumes_at: "2026-10-12T09:00:00Z" } }),
    "warn: Paused: nothing is charged, and nothing can be used. It goes on by itself on 12 Oct 2026, in 7 days.",
  ],
  [
    said({ status: "paused", pause: { paused_at: NOW, resumes_at: null } }),
    "warn: Paused: nothing is charged, and nothing can be used. It goes on when you resume it.",
  ],
  [said({ status: "incomplete" }), "warn: The first payment has not come through yet. It begins as soon as it has."],
  [said({ status: "expired", ended_at: "2026-10-01T00:00:00Z" }), "info: Ended on 1 Oct 2026. Choose a plan to begin again."],
  [said({ status: "none", plan: "free" }), "info: You have this without a subscription, free of charge."],
  [said({ status: "none", plan: null }), "info: There is no subscription yet. Choose a plan to begin."],
])("%s", (text, expected) => expect(text).toBe(expected));
