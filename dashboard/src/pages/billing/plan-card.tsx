/** One plan on offer: what it costs before anything is used, what each use costs, what it lets one do. */
import { Check } from "lucide-react";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { classes } from "../../parts/classes.ts";
import { moneyText } from "../../text/money.ts";
import { nameOfKey, quantityText } from "../../text/quantity.ts";
import type { Plan } from "./data.ts";
import { baseOf, intervalText, pricesIn, rateText } from "./offer.ts";

const WINDOWS: Record<string, string> = { billing_period: "a period", lifetime: "in all" };

interface Props {
  plan: Plan;
  currency: string;
  isCurrent: boolean;
  /** There is a plan already: none of the others presses itself on anybody. */
  calm: boolean;
  disabled: boolean;
  choose: () => void;
}

export function PlanCard({ plan, currency, isCurrent, calm, disabled, choose }: Props) {
  const prices = pricesIn(plan, currency) ?? [];
  const name = plan.name ?? nameOfKey(plan.key);
  return (
    <article
      aria-label={name}
      className={classes("flex flex-col rounded-card border bg-surface p-5 shadow-low sm:p-6", isCurrent ? "border-accent" : "border-line")}
    >
      <div className="flex items-center justify-between gap-3">
        <h2 className="text-title font-semibold">{name}</h2>
        {isCurrent && <Badge tone="good">Your plan</Badge>}
      </div>
      {plan.description && <p className="mt-0.5 text-small text-ink-soft">{plan.description}</p>}
      <p className="mt-4 flex items-baseline gap-1.5">
        <span className="figures text-figure font-semibold tracking-tight">{moneyText(baseOf(prices), currency)}</span>
        <span className="text-small text-ink-soft">{intervalText(plan)}</span>
      </p>
      <ul className="mt-4 space-y-1.5 text-small">
        {prices
          .filter(({ type }) => type !== "flat")
          .map((price) => (
            <li key={price.key} className="flex flex-wrap justify-between gap-x-4">
              <span className="text-ink-soft">{price.name ?? nameOfKey(price.key)}</span>
              <span className="figures">{rateText(price, currency)}</span>
            </li>
          ))}
      </ul>
      <ul className="mt-4 mb-5 space-y-1.5 border-t border-line pt-4 text-small">
        {plan.credits && (
          <Included>
            {quantityText(plan.credits.amount)} credits {intervalText(plan)}
          </Included>
        )}
        {plan.entitlements
          .filter((one) => one.enabled !== false)
          .map((one) => (
            <Included key={one.feature}>
              {one.name ?? nameOfKey(one.feature)}
              {one.type === "metered" &&
                (one.limit === null || one.limit === undefined
                  ? ", without a limit"
                  : `: ${quantityText(one.limit)} ${one.window ? (WINDOWS[one.window] ?? `a ${one.window}`) : ""}`)}
              {one.type === "config" && `: ${String(one.value)}`}
            </Included>
          ))}
      </ul>
      <Button look={calm ? "plain" : "primary"} className="mt-auto w-full" disabled={disabled || isCurrent} onClick={choose}>
        {isCurrent ? "You have it" : `Choose ${name}`}
      </Button>
    </article>
  );
}

function Included({ children }: { children: React.ReactNode }) {
  return (
    <li className="flex items-start gap-2">
      <Check aria-hidden className="mt-0.5 size-4 shrink-0 text-good" />
      <span>{children}</span>
    </li>
  );
}
