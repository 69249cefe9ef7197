/** A word about a state. The colour only repeats what the word says. */
import type { ReactNode } from "react";
import { classes } from "./classes.ts";

export type Tone = "good" | "warn" | "bad" | "info" | "plain";

const TONES: Record<Tone, string> = {
  good: "bg-good-soft text-good",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
  info: "bg-info-soft text-info",
  plain: "bg-sunken text-ink-soft",
};

export function Badge({ tone = "plain", children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span
      className={classes("inline-flex items-center gap-1.5 whitespace-nowrap rounded-full px-2 py-px text-tiny font-semibold", TONES[tone])}
    >
      <span aria-hidden className="size-1.5 rounded-full bg-current" />
      {children}
    </span>
  );
}

const STATES: Record<string, [Tone, string]> = {
  active: ["good", "Active"],
  trialing: ["info", "On trial"],
  past_due: ["bad", "Past due"],
  paused: ["warn", "Paused"],
  canceled: ["plain", "Canceled"],
  expired: ["plain", "Ended"],
  incomplete: ["warn", "Incomplete"],
  none: ["plain", "No subscription"],
  draft: ["plain", "Draft"],
  open: ["warn", "Open"],
  paid: ["good", "Paid"],
  void: ["plain", "Void"],
  uncollectible: ["bad", "Uncollectible"],
  succeeded: ["good", "Succeeded"],
  failed: ["bad", "Failed"],
  pending: ["info", "Pending"],
  requires_action: ["warn", "To be confirmed"],
  unknown: ["warn", "Outcome unknown"],
  granted: ["good", "Granted"],
};

/** Of a subscription, an invoice or a payment. */
export function StateBadge({ state }: { state: string }) {
  const [tone, words] = STATES[state] ?? ["plain", state.replaceAll("_", " ")];
  return <Badge tone={tone as Tone}>{words}</Badge>;
}

const DISPUTES: Record<string, [Tone, string]> = {
  warning: ["warn", "Bank inquires"],
  needs_response: ["bad", "Disputed"],
  under_review: ["warn", "Dispute under review"],
  lost: ["bad", "Dispute lost"],
  won: ["plain", "Dispute won"],
};

/** Of a payment whose payer's bank takes it back, or means to. */
export function DisputeBadge({ state }: { state: string }) {
  const [tone, words] = DISPUTES[state] ?? ["warn", state.replaceAll("_", " ")];
  return <Badge tone={tone as Tone}>{words}</Badge>;
}
