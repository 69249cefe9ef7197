/** What a subscription is in and what happens next, in one sentence: the first thing that a customer reads. */
import type { Subscription } from "@billwright/client";
import { moneyText } from "../../text/money.ts";
import { fromNow, type TimeText } from "../../text/time.ts";

export interface Situation {
  subscription: Subscription;
  /** What the next invoice would be as things stand; null: none is coming. */
  next: { total: number | string; currency: string } | null;
  now: string;
  time: TimeText;
  /** The name of a plan by its key. */
  planName: (key: string | null) => string;
  /** null: not known yet. */
  hasPaymentMethod: boolean | null;
  /** What is open and can be paid now, in minor units of `currency`; null: nothing. */
  due: { amount: number | string; currency: string } | null;
}

export interface WhatNext {
  tone: "good" | "info" | "warn" | "bad";
  text: string;
}

export function whatNext(situation: Situation): WhatNext {
  const { subscription: sub, time, now, planName } = situation;
  const when = (instant: string) => `${time.date(instant)}, ${fromNow(instant, now, time)}`;
  const end = endOf(sub);
  switch (sub.status) {
    case "trialing": {
      const trialEnd = sub.trial_end ?? sub.current_period_end!;
      if (end !== null) return { tone: "warn", text: `Your trial ends on ${when(trialEnd)}, and nothing will be charged.` };
      const then = amountOf(situation, (money) => ` Then ${planName(sub.plan)} begins, with ${money} to pay.`);
      const card = situation.hasPaymentMethod === false ? " Add a payment method before, so that it can go on." : "";
      return { tone: card ? "warn" : "info", text: `Your trial ends on ${when(trialEnd)}.${then}${card}` };
    }
    case "active":
      if (end !== null) return { tone: "warn", text: `Ends on ${when(end)}. Until then all stays as it is, and it does not renew.` };
      return { tone: "good", text: active(situation, when) };
    case "past_due": {
      const owed = situation.due ? ` of ${moneyText(situation.due.amount, situation.due.currency)}` : "";
      if (sub.grace_until !== null && Date.parse(sub.grace_until) > Date.parse(now))
        return {
          tone: "bad",
          text: `The payment${owed} failed. Everything works until ${when(sub.grace_until)}; pay before then, so that it stays so.`,
        };
      return { tone: "bad", text: `The payment${owed} failed, and the time to make up for it is over. Pay now to use everything again.` };
    }
    case "paused":
      return {
        tone: "warn",
        text: `Paused: nothing is charged, and nothing can be used. ${sub.pause?.resumes_at ? `It goes on by itself on ${when(sub.pause.resumes_at)}.` : "It goes on when you resume it."}`,
      };
    case "incomplete":
      return { tone: "warn", text: "The first payment has not come through yet. It begins as soon as it has." };
    case "canceled":
    case "expired":
      return { tone: "info", text: `Ended${sub.ended_at ? ` on ${time.date(sub.ended_at)}` : ""}. Choose a plan to begin again.` };
    default:
      return {
        tone: "info",
        text:
          sub.plan === null
            ? "There is no subscription yet. Choose a plan to begin."
            : "You have this without a subscription, free of charge.",
      };
  }
}

/** When it ends, by a cancellation or for want of renewal; null: it goes on. */
export function endOf(sub: Subscription): string | null {
  return sub.cancel_at ?? (sub.auto_renew ? null : sub.current_period_end);
}

function active(situation: Situation, when: (instant: string) => string): string {
  const { subscription: sub, planName } = situation;
  const change = sub.scheduled_change;
  if (change !== null) {
    const seats = change.seats !== sub.seats ? ` with ${change.seats} seat${change.seats === 1 ? "" : "s"}` : "";
    const plan = change.plan === sub.plan ? "Goes on" : `Changes to ${planName(change.plan)}`;
    return `${plan}${seats} on ${when(change.effective_at)}.`;
  }
  const amount = amountOf(situation, (money) => `, with ${money} to pay as things stand`);
  return `Renews on ${when(sub.current_period_end!)}${amount}.`;
}

function amountOf({ next }: Situation, words: (money: string) => string): string {
  return next === null ? "" : words(moneyText(next.total, next.currency));
}
