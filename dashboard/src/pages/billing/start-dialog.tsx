/** A first plan, or one after an end: begun with the stored payment method, or on the gateway's page that takes one. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Confirm } from "../../parts/dialog.tsx";
import { Stepper } from "../../parts/field.tsx";
import { Failure, Loading } from "../../parts/states.tsx";
import { engine } from "../../session/engine.ts";
import { about, ask, type Billing, type Line, type Plan, refresh } from "./data.ts";
import { methodText } from "./method-text.ts";
import { baseOf, hasSeats, pricesIn } from "./offer.ts";
import { PreviewLines } from "./preview-lines.tsx";

export function StartDialog({ billing, plan, onClose }: { billing: Billing; plan: Plan; onClose: () => void }) {
  const { tenant, currency } = billing;
  const [seats, setSeats] = useState(1);
  const methods = useQuery(ask.methods(tenant));
  const prices = pricesIn(plan, currency) ?? [];
  const withSeats = hasSeats(prices);
  const method = methods.data?.find((one) => one.default) ?? methods.data?.[0];
  const isFree = prices.length === 0;
  const body = { plan: plan.key, ...(withSeats ? { seats } : {}) };
  const quote = useQuery({
    queryKey: about(tenant, "quote", body, currency),
    queryFn: ({ signal }) => engine.catalog.quote({ plan: plan.key, currency, seats: withSeats ? seats : 1, quantities: {} }, { signal }),
    placeholderData: keepPreviousData,
  });
  const here = `${location.origin}/t/${encodeURIComponent(tenant)}`;
  const direct = method !== undefined || isFree;
  return (
    <Confirm
      open
      wide
      onClose={onClose}
      title={`Begin with ${plan.name ?? plan.key}`}
      about={plan.trial_days ? `${plan.trial_days} days of trial come first; nothing is charged until they are over.` : undefined}
      deed={direct ? "Begin" : "To the payment page"}
      disabled={methods.data === undefined}
      done={direct ? "It has begun." : "On to the payment page …"}
      act={async () => {
        if (direct) {
          await engine.subscriptions.start(tenant, body);
          await refresh(tenant);
          return;
        }
        const { url } = await engine.request("POST", "/v1/tenants/{tenant_id}/checkout", {
          path: { tenant_id: tenant },
          body: { ...body, success_url: here, cancel_url: `${here}/plan` },
        });
        location.assign(url);
      }}
    >
      <div className="space-y-5">
        {withSeats && <Stepper label="Seats" value={seats} min={1} max={100_000} onChange={setSeats} />}
        {quote.error ? (
          <Failure error={quote.error} title="This is not possible" />
        ) : quote.data ? (
          <PreviewLines
            lines={inAdvance(quote.data.lines as Line[])}
            currency={currency}
            total={totalOf(quote.data.lines as Line[])}
            words="For the first period, before taxes"
          />
        ) : (
          <Loading lines={2} />
        )}
        <p className="text-small text-ink-soft">
          {method
            ? `It will be taken from ${methodText(method)}. What is used comes onto the invoice of its period.`
            : isFree || baseOf(prices) === 0n
              ? "What is used comes onto the invoice of its period."
              : "The next page takes your payment method."}
        </p>
      </div>
    </Confirm>
  );
}

const inAdvance = (lines: readonly Line[]) => lines.filter(({ kind }) => kind !== "usage");

function totalOf(lines: readonly Line[]): string {
  return String(inAdvance(lines).reduce((sum, { amount }) => sum + BigInt(amount), 0n));
}
