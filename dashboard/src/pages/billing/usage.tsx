/** What was used, by day and meter, and against which limits. */
import { useQuery } from "@tanstack/react-query";
import { ChartColumn } from "lucide-react";
import { useState } from "react";
import { Card, PageHead } from "../../parts/card.tsx";
import { SelectField } from "../../parts/field.tsx";
import { LazyChart } from "../../parts/lazy-chart.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { nameOfKey, quantityText, withUnit } from "../../text/quantity.ts";
import { ask, type Billing, useBilling } from "./data.ts";
import { Features, Limits } from "./limits.tsx";
import { dayBefore, pointsOf, seriesOf, usageByDay } from "./usage-data.ts";

const RANGES = [
  ["period", "This period"],
  ["7", "7 days"],
  ["30", "30 days"],
  ["90", "90 days"],
] as const;

export function UsagePage() {
  const billing = useBilling();
  const { summary, time } = billing;
  const used = summary.usage.meters.filter((meter) => Number(meter.value) !== 0);
  return (
    <>
      <PageHead
        title="Usage"
        about={`This period is ${time.period(summary.usage.period_start, summary.usage.period_end)}, by the clocks of ${time.zone.replaceAll("_", " ")}.`}
      />
      <div className="grid gap-5 lg:grid-cols-3">
        <UsageChart billing={billing} />
        <Card title="Limits" className="lg:col-span-2">
          <Limits features={summary.entitlements.features} time={time} />
          <hr className="my-5 border-line" />
          <Features features={summary.entitlements.features} />
        </Card>
        <Card flush title="This period, by meter" className="lg:self-start">
          {used.length === 0 ? (
            <p className="px-5 pb-5 text-small text-ink-soft sm:px-6">Nothing was used yet.</p>
          ) : (
            <Table
              dense
              label="Usage of this period by meter"
              rows={used}
              keyOf={(row) => row.meter}
              columns={[
                { key: "meter", head: "Meter", cell: (row) => nameOfKey(row.meter) },
                { key: "value", head: "Used", number: true, cell: (row) => withUnit(row.value, row.unit) },
              ]}
            />
          )}
        </Card>
      </div>
    </>
  );
}

function UsageChart({ billing: { tenant, summary, now, time } }: { billing: Billing }) {
  const meters = useQuery(ask.meters()).data ?? [];
  const [chosen, choose] = useState<string | null>(null);
  const [range, setRange] = useState<string>("30");
  const [split, setSplit] = useState("");
  const busiest = summary.usage.meters.find((one) => Number(one.value) !== 0) ?? summary.usage.meters[0];
  const meter = meters.find(({ key }) => key === (chosen ?? busiest?.meter));
  const splits = (meter?.group_by ?? []) as string[];
  const groupBy = splits.includes(split) ? split : null;
  const span =
    range === "period"
      ? { from: summary.usage.period_start, to: summary.usage.period_end < now ? summary.usage.period_end : now }
      : { from: dayBefore(now, Number(range) - 1, time), to: now };
  const days = useQuery({ ...usageByDay(tenant, { meter: meter?.key ?? "", ...span, groupBy }), enabled: meter !== undefined });
  const limit = Object.values(summary.entitlements.features).find(
    (check) => check.window === "day" && check.limit !== null && check.feature === meter?.key,
  );
  return (
    <Card
      title="By day"
      className="lg:col-span-3"
      actions={
        <>
          <SelectField
            small
            hideLabel
            label="Meter"
            value={meter?.key ?? ""}
            options={meters.map(({ key, name }) => [key, name ?? nameOfKey(key)])}
            onChange={(event) => choose(event.target.value)}
          />
          {splits.length > 0 && (
            <SelectField
              small
              hideLabel
              label="Split"
              value={groupBy ?? ""}
              options={[["", "In all"], ...splits.map((name) => [name, `By ${nameOfKey(name).toLowerCase()}`] as const)]}
              onChange={(event) => setSplit(event.target.value)}
            />
          )}
          <SelectField small hideLabel label="Span" value={range} options={RANGES} onChange={(event) => setRange(event.target.value)} />
        </>
      }
    >
      <Loaded query={days} lines={8}>
        {(found) =>
          found.every(({ value }) => Number(value) === 0) ? (
            <Empty icon={<ChartColumn aria-hidden className="size-5" />} title="Nothing was used in this time">
              Choose another meter, or a longer time.
            </Empty>
          ) : (
            <LazyChart
              label={`${meter?.name ?? nameOfKey(meter?.key ?? "")} by day`}
              kind="bars"
              series={groupBy ? seriesOf(found) : [{ key: "value", name: meter?.name ?? nameOfKey(meter?.key ?? "") }]}
              points={pointsOf(found, span, time)}
              write={(value) => withUnit(value, meter?.unit, quantityText)}
              line={limit?.limit ? { at: Number(limit.limit), words: `Limit a day: ${quantityText(limit.limit)}` } : null}
            />
          )
        }
      </Loaded>
    </Card>
  );
}
