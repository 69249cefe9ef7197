/** What the plan lets one do, and how much of it is used. */
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { Check as Tick, X } from "lucide-react";
import { MeterBar } from "../../parts/meter-bar.tsx";
import { engine } from "../../session/engine.ts";
import { nameOfKey, quantityText, shareOf } from "../../text/quantity.ts";
import { percentText } from "../../text/share.ts";
import type { TimeText } from "../../text/time.ts";
import { about, ask, type Check, type Summary } from "./data.ts";

const WINDOWS: Record<string, string> = {
  minute: "this minute",
  hour: "this hour",
  day: "today",
  month: "this month",
  billing_period: "this period",
  lifetime: "in all",
};

/** The rule behind a no, in the engine's own sentence. */
function Why({ feature }: { feature: string }) {
  const { tenant } = useParams({ from: "/t/$tenant" });
  const explained = useQuery({
    queryKey: about(tenant, "why", feature),
    queryFn: ({ signal }) =>
      engine.request("GET", "/v1/tenants/{tenant_id}/entitlements/{feature}/explain", { path: { tenant_id: tenant, feature }, signal }),
  });
  return explained.data ? <span className="block text-tiny text-ink-soft">{explained.data.sentence}</span> : null;
}

export function useFeatureName(): (key: string) => string {
  const features = useQuery(ask.features()).data ?? [];
  return (key) => features.find((feature) => feature.key === key)?.name ?? nameOfKey(key);
}

/** Those with a limit or a count, the fullest first. */
export function Limits({ features, time }: { features: Summary["entitlements"]["features"]; time: TimeText }) {
  const nameOf = useFeatureName();
  const metered = Object.values(features)
    .filter((check) => check.type === "metered" && check.reason !== "not_in_plan")
    .sort((a, b) => (shareOf(b.used, b.limit) ?? -1) - (shareOf(a.used, a.limit) ?? -1));
  if (metered.length === 0) return <p className="text-small text-ink-soft">Nothing of this plan is limited.</p>;
  return (
    <ul className="space-y-4">
      {metered.map((check) => (
        <Limit key={check.feature} name={nameOf(check.feature)} check={check} time={time} />
      ))}
    </ul>
  );
}

function Limit({ name, check, time }: { name: string; check: Check; time: TimeText }) {
  const share = shareOf(check.used, check.limit);
  const window = check.window === null ? "" : ` ${WINDOWS[check.window] ?? ""}`;
  return (
    <li>
      <div className="mb-1.5 flex flex-wrap items-baseline justify-between gap-x-4">
        <span className="text-small font-semibold">{name}</span>
        <span className="figures text-small">
          {quantityText(check.used ?? 0)}
          <span className="text-ink-soft">{check.limit === null ? ", without a limit" : ` of ${quantityText(check.limit)}`}</span>
        </span>
      </div>
      <MeterBar share={share} label={`${name}${window}`} />
      {!check.has_access && check.reason !== "limit_reached" && <Why feature={check.feature} />}
      {check.limit !== null && (
        <p className="mt-1 text-tiny text-ink-soft">
          {share !== null && share >= 1
            ? check.enforcement === "hard"
              ? "Used up. "
              : "Beyond the limit, which does not stop anything. "
            : `${percentText(share ?? 0)} used${window}. `}
          {check.resets_at && `Begins anew on ${time.date(check.resets_at)}.`}
        </p>
      )}
    </li>
  );
}

/** The rest: what one has or has not, and at which value. */
export function Features({ features }: { features: Summary["entitlements"]["features"] }) {
  const nameOf = useFeatureName();
  const others = Object.values(features).filter((check) => check.type !== "metered");
  if (others.length === 0) return null;
  return (
    <ul className="grid gap-x-6 gap-y-2 text-small sm:grid-cols-2">
      {others.map((check) => (
        <li key={check.feature} className="flex items-center gap-2">
          {check.has_access ? (
            <Tick aria-label="Included" className="size-4 shrink-0 text-good" />
          ) : (
            <X aria-label="Not included" className="size-4 shrink-0 text-ink-faint" />
          )}
          <span className={check.has_access ? "" : "text-ink-soft"}>
            {nameOf(check.feature)}
            {!check.has_access && <Why feature={check.feature} />}
          </span>
          {check.type === "config" && check.has_access && <span className="text-ink-soft">{String(check.value)}</span>}
        </li>
      ))}
    </ul>
  );
}
