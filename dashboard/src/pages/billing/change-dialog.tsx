/** Another plan, or other seats: when, and what exactly that costs, before anything is done. */
import type { Answer } from "@billwright/client";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Confirm } from "../../parts/dialog.tsx";
import { Choices, Stepper } from "../../parts/field.tsx";
import { Failure, Loading } from "../../parts/states.tsx";
import { engine } from "../../session/engine.ts";
import { moneyText } from "../../text/money.ts";
import { about, ask, type Billing, refresh } from "./data.ts";
import { hasSeats, pricesIn } from "./offer.ts";
import { PreviewLines } from "./preview-lines.tsx";

type Preview = Extract<Answer<"POST", "/v1/tenants/{tenant_id}/subscription/plan">, { dry_run: boolean }>;

interface Props {
  billing: Billing;
  plan: string;
  title: string;
  seats: number;
  /** Seats are what is changed here, and were chosen before. */
  seatsOnly?: boolean;
  onClose: () => void;
}

export function ChangeDialog({ billing, plan: key, title, seats: had, seatsOnly = false, onClose }: Props) {
  const { tenant, summary, currency, time } = billing;
  const plan = useQuery(ask.plans()).data?.find((one) => one.key === key);
  const [seats, setSeats] = useState(had);
  const [when, setWhen] = useState<"now" | "period_end" | null>(null);
  const withSeats = plan !== undefined && hasSeats(pricesIn(plan, currency) ?? []);
  const body = { plan: key, when: when ?? ("auto" as const), ...(withSeats ? { seats } : {}) };
  const preview = useQuery({
    queryKey: about(tenant, "change", body),
    queryFn: async ({ signal }) => (await engine.subscriptions.changePlan(tenant, { ...body, dry_run: true }, { signal })) as Preview,
    placeholderData: keepPreviousData,
    staleTime: 0,
  });
  const answer = preview.data;
  const ends = summary.subscription.current_period_end;
  return (
    <Confirm
      open
      wide
      onClose={onClose}
      title={title}
      about="This is what the engine will do: the amounts are exact, and nothing has happened yet."
      deed={deedOf(answer)}
      disabled={answer === undefined || preview.isPlaceholderData || Boolean(preview.error)}
      done={answer?.when === "period_end" ? `Arranged for ${time.date(answer.effective_at)}.` : "Changed."}
      act={async () => {
        await engine.subscriptions.changePlan(tenant, { ...body, when: answer!.when });
        await refresh(tenant);
      }}
    >
      <div className="space-y-5">
        {withSeats && !seatsOnly && <Stepper label="Seats" value={seats} min={1} max={100_000} onChange={setSeats} />}
        <Choices
          label="When"
          value={when ?? answer?.when ?? "now"}
          onChange={setWhen}
          options={[
            ["now", "Now", "What is left of the paid period is given back, and the rest of it is charged anew, by the second."],
            ["period_end", ends ? `On ${time.date(ends)}` : "When the period ends", "Until then all stays as it is. It can be taken back."],
          ]}
        />
        {preview.error ? (
          <Failure error={preview.error} title="This is not possible" />
        ) : answer ? (
          <What answer={answer} time={time} />
        ) : (
          <Loading lines={3} />
        )}
      </div>
    </Confirm>
  );
}

function What({ answer, time }: { answer: Preview; time: Billing["time"] }) {
  const { lines, currency, total } = answer;
  if (answer.when === "period_end")
    return (
      <PreviewLines
        lines={lines}
        currency={currency}
        total={total}
        words={`In advance, each period from ${time.date(answer.effective_at)}`}
      />
    );
  const words = total < 0 ? "Goes to your balance" : total === 0 ? "Nothing to pay now" : "To pay now, before taxes and balance";
  return <PreviewLines lines={lines} currency={currency} total={total < 0 ? -total : total} words={words} />;
}

function deedOf(answer: Preview | undefined): string {
  if (answer === undefined) return "Change";
  if (answer.when === "period_end") return "Arrange it";
  return answer.total > 0 ? `Change and pay ${moneyText(answer.total, answer.currency)}` : "Change now";
}
