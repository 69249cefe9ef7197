import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Stepper } from "../../parts/field.tsx";
import { ChangeDialog } from "./change-dialog.tsx";
import { ask, type Billing } from "./data.ts";
import { hasSeats, pricesIn, rateText } from "./offer.ts";

/** Nothing where the plan has none. */
export function SeatsCard({ billing }: { billing: Billing }) {
  const { summary, currency } = billing;
  const { subscription } = summary;
  const plan = useQuery(ask.plans()).data?.find(({ key }) => key === subscription.plan);
  const prices = plan ? (pricesIn(plan, currency) ?? []) : [];
  const has = subscription.seats ?? 1;
  const [seats, setSeats] = useState(has);
  const [open, setOpen] = useState(false);
  if (!hasSeats(prices)) return null;
  const price = prices.find(({ type }) => type === "seat")!;
  return (
    <Card title="Seats" about={`${rateText(price, currency)}. You have ${has}.`}>
      <div className="flex flex-wrap items-end gap-3">
        <Stepper label="How many" value={seats} min={1} max={100_000} onChange={setSeats} />
        <Button look="primary" disabled={seats === has} onClick={() => setOpen(true)}>
          See what it costs
        </Button>
      </div>
      {open && (
        <ChangeDialog
          billing={billing}
          plan={subscription.plan!}
          seats={seats}
          seatsOnly
          title={`Change from ${has} to ${seats} seat${seats === 1 ? "" : "s"}`}
          onClose={() => setOpen(false)}
        />
      )}
    </Card>
  );
}
