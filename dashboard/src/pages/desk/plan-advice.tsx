/** What the last full period would have come to on each plan: which would be cheaper for what this tenant really uses. */
import { useQuery } from "@tanstack/react-query";
import { Badge } from "../../parts/badge.tsx";
import { Card } from "../../parts/card.tsx";
import { Table } from "../../parts/table.tsx";
import { engine } from "../../session/engine.ts";
import { moneyText } from "../../text/money.ts";
import { nameOfKey } from "../../text/quantity.ts";
import type { TimeText } from "../../text/time.ts";
import { about } from "../billing/data.ts";

export function PlanAdviceCard({ tenant, time }: { tenant: string; time: TimeText }) {
  // Without a subscription there is nothing to compare with: the engine says so, and the card is not there.
  const advice = useQuery({
    queryKey: about(tenant, "plan-advice"),
    queryFn: ({ signal }) => engine.request("GET", "/v1/tenants/{tenant_id}/plan-advice", { path: { tenant_id: tenant }, signal }),
  }).data;
  if (!advice || advice.period_start === null || advice.period_end === null) return null;
  const money = (minor: number | string) => moneyText(minor, advice.currency);
  const best = advice.advice;
  return (
    <Card
      flush
      title="Which plan would be cheaper?"
      about={
        best
          ? `${time.period(advice.period_start, advice.period_end)} on ${nameOfKey(best.plan)} would have saved ${money(best.saves)}.`
          : `None, for what was used in ${time.period(advice.period_start, advice.period_end)}.`
      }
    >
      <Table
        dense
        label="Plans by what the last period would have cost"
        rows={advice.plans}
        keyOf={(row) => row.plan}
        columns={[
          {
            key: "plan",
            head: "Plan",
            cell: (row) => (
              <span className="flex flex-wrap items-center gap-2">
                <span className="font-semibold">{row.name}</span>
                {row.current && <Badge tone="info">now</Badge>}
                {best?.plan === row.plan && <Badge tone="good">cheaper</Badge>}
              </span>
            ),
          },
          { key: "amount", head: "Would have been", number: true, cell: (row) => money(row.amount) },
          { key: "saves", head: "Saves", number: true, cell: (row) => (row.current ? "" : money(row.saves)) },
          { key: "lacks", head: "Lacks", wideOnly: true, cell: (row) => row.lacks.map(nameOfKey).join(", ") || "–" },
          { key: "exceeds", head: "Was above its limit of", wideOnly: true, cell: (row) => row.exceeds.map(nameOfKey).join(", ") || "–" },
        ]}
      />
    </Card>
  );
}
