/** The plan: what else there is, seats, pausing and ending; each change with its exact price before the click. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { StateBadge } from "../../parts/badge.tsx";
import { PageHead } from "../../parts/card.tsx";
import { classes } from "../../parts/classes.ts";
import { Loaded, Note } from "../../parts/states.tsx";
import { useMayChange } from "../../session/session.ts";
import { ChangeDialog } from "./change-dialog.tsx";
import { ask, type Billing, dueOf, type Plan, useBilling } from "./data.ts";
import { EndCard } from "./end-card.tsx";
import { KeepButtons } from "./keep-buttons.tsx";
import { pricesIn } from "./offer.ts";
import { PlanCard } from "./plan-card.tsx";
import { SeatsCard } from "./seats-card.tsx";
import { StartDialog } from "./start-dialog.tsx";
import { whatNext } from "./what-next.ts";

export function isLive(billing: Billing): boolean {
  const { subscription } = billing.summary;
  return subscription.id !== null && !["canceled", "expired"].includes(subscription.status);
}

const NOTES = { good: "good", info: "info", warn: "warn", bad: "bad" } as const;

export function PlanPage() {
  const billing = useBilling();
  const { summary, currency, now, time, planName } = billing;
  const mayChange = useMayChange();
  const [chosen, choose] = useState<Plan | null>(null);
  const plans = useQuery(ask.plans());
  const { subscription } = summary;
  const live = isLive(billing);
  const due = dueOf(summary);
  const { tone, text } = whatNext({
    subscription,
    next: summary.next_invoice,
    now,
    time,
    planName,
    hasPaymentMethod: null,
    due: due && { amount: due.amount_due, currency: due.currency },
  });
  return (
    <>
      <PageHead
        title={
          <span className="flex flex-wrap items-center gap-3">
            {planName(subscription.plan)}
            <StateBadge state={subscription.status} />
          </span>
        }
      />
      <div className="mb-6">
        <Note tone={NOTES[tone]} action={mayChange && <KeepButtons billing={billing} />}>
          {text}
        </Note>
      </div>
      <Loaded query={plans} lines={6}>
        {(all) => (
          <Offers
            plans={all.filter((plan) => !plan.archived && pricesIn(plan, currency) !== null)}
            currency={currency}
            current={live ? subscription.plan : null}
            disabled={!mayChange || subscription.status === "paused"}
            choose={choose}
          />
        )}
      </Loaded>
      {mayChange && live && (
        <div className="mt-6 grid items-start gap-5 lg:grid-cols-2">
          {subscription.status !== "paused" && <SeatsCard billing={billing} />}
          <EndCard billing={billing} />
        </div>
      )}
      {chosen &&
        (live ? (
          <ChangeDialog
            billing={billing}
            plan={chosen.key}
            title={`Change to ${chosen.name ?? chosen.key}`}
            seats={subscription.seats ?? 1}
            onClose={() => choose(null)}
          />
        ) : (
          <StartDialog billing={billing} plan={chosen} onClose={() => choose(null)} />
        ))}
    </>
  );
}

interface OffersProps {
  plans: readonly Plan[];
  currency: string;
  current: string | null;
  disabled: boolean;
  choose: (plan: Plan) => void;
}

function Offers({ plans, currency, current, disabled, choose }: OffersProps) {
  const intervals = [...new Set(plans.flatMap(({ interval }) => (interval ? [interval] : [])))];
  const mine = plans.find(({ key }) => key === current)?.interval ?? intervals[0] ?? "month";
  const [interval, setInterval] = useState<string>(mine);
  // A plan without an interval costs nothing: one is on it by having no other.
  const shown = plans.filter((plan) => plan.interval === interval || (!plan.interval && current === null));
  return (
    <section aria-label="Plans">
      {intervals.length > 1 && (
        <fieldset aria-label="Billed by" className="mb-4 inline-flex rounded-control border border-line bg-sunken p-0.5">
          {intervals.map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={one === interval}
              className="h-8 rounded-[0.4rem] px-3.5 text-small font-semibold text-ink-soft hover:text-ink aria-pressed:bg-surface aria-pressed:text-ink aria-pressed:shadow-low"
              onClick={() => setInterval(one)}
            >
              {{ month: "Monthly", year: "Yearly", week: "Weekly", day: "Daily" }[one]}
            </button>
          ))}
        </fieldset>
      )}
      <div className={classes("grid gap-5 sm:grid-cols-2", shown.length % 3 === 0 && "xl:grid-cols-3")}>
        {shown.map((plan) => (
          <PlanCard
            key={plan.key}
            plan={plan}
            currency={currency}
            isCurrent={plan.key === current}
            calm={current !== null}
            disabled={disabled}
            choose={() => choose(plan)}
          />
        ))}
      </div>
    </section>
  );
}
