/** What happened, newest first. What happens while one looks is put on top and marked. */
import type { BillingEvent } from "@billwright/client";
import {
  ArrowLeftRight,
  Ban,
  Coins,
  CreditCard,
  FileText,
  Gauge,
  type LucideIcon,
  Package,
  Pause,
  TriangleAlert,
  User,
} from "lucide-react";
import { classes } from "../../parts/classes.ts";
import { fromNow, type TimeText } from "../../text/time.ts";
import { useLive } from "./live.tsx";

const ICONS: readonly [RegExp, LucideIcon, string][] = [
  [/past_due|failed|limit_reached|uncollectible/, TriangleAlert, "bg-bad-soft text-bad"],
  [/trial_ending|requires_action|low_balance|expiring|limit_approaching/, TriangleAlert, "bg-warn-soft text-warn"],
  [/canceled|expired|voided/, Ban, "bg-sunken text-ink-soft"],
  [/paused/, Pause, "bg-warn-soft text-warn"],
  [/plan_changed|transferred/, ArrowLeftRight, "bg-accent-soft text-accent"],
  [/^subscription/, Package, "bg-accent-soft text-accent"],
  [/^(payment|checkout)|paid/, CreditCard, "bg-good-soft text-good"],
  [/^invoice/, FileText, "bg-sunken text-ink-soft"],
  [/^credits/, Coins, "bg-accent-soft text-accent"],
  [/^(usage|entitlement)/, Gauge, "bg-sunken text-ink-soft"],
  [/./, User, "bg-sunken text-ink-soft"],
];

interface Props {
  events: readonly BillingEvent[];
  now: string;
  time: TimeText;
  /** How the types begin that are wanted of what happens now. */
  only?: string;
  /** So many at most. */
  most?: number;
}

export function Timeline({ events, now, time, only = "", most = Number.POSITIVE_INFINITY }: Props) {
  const { events: live } = useLive();
  const fresh = new Set(live.map(({ id }) => id));
  const all = [...live.filter(({ id, type }) => type.startsWith(only) && !events.some((event) => event.id === id)), ...events].slice(
    0,
    most,
  );
  return (
    <ol className="-mx-2 space-y-0.5">
      {all.map((event) => {
        const [, Icon, look] = ICONS.find(([form]) => form.test(event.type))!;
        return (
          <li
            key={event.id}
            className={classes("flex gap-3 rounded-control px-2 py-2", fresh.has(event.id) && "animate-rise bg-accent-soft/60")}
          >
            <span className={classes("mt-px grid size-7 shrink-0 place-items-center rounded-full", look)}>
              <Icon aria-hidden className="size-3.5" />
            </span>
            <div className="min-w-0 flex-1">
              <p className="text-small break-words">{event.summary}</p>
              <p className="text-tiny text-ink-soft">
                <time dateTime={event.occurred_at} title={event.occurred_at}>
                  {time.dateTime(event.occurred_at)}
                </time>
                {" · "}
                {fromNow(event.occurred_at, now, time)}
              </p>
            </div>
          </li>
        );
      })}
    </ol>
  );
}

const STATES = {
  connecting: ["bg-line-strong", "Connecting"],
  open: ["bg-good", "Live"],
  lost: ["bg-warn", "Connecting again"],
} as const;

export function LiveState() {
  const [look, words] = STATES[useLive().state];
  return (
    <span role="status" className="inline-flex items-center gap-1.5 text-tiny font-semibold text-ink-soft">
      <span aria-hidden className={classes("size-2 rounded-full", look)} />
      {words}
    </span>
  );
}
