/** What is used, meter by meter, and who uses most of it. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Card } from "../../parts/card.tsx";
import { SelectField } from "../../parts/field.tsx";
import { LazyChart } from "../../parts/lazy-chart.tsx";
import { Loaded } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { nameOfKey, quantityText } from "../../text/quantity.ts";
import { figures, shareText, utc } from "./data.ts";

export function UsageTrends() {
  const usage = useQuery(figures.usage());
  const [chosen, choose] = useState<string | null>(null);
  // What is used most is looked at first.
  const meters = [...(usage.data?.meters ?? [])].sort((a, b) => Number(b.events) - Number(a.events));
  const meter = meters.find((one) => one.meter === chosen) ?? meters[0];
  return (
    <Card
      title="Usage"
      about={
        meter &&
        `${meter.name ?? nameOfKey(meter.meter)} by month${meter.trend === null ? "" : `, ${Number(meter.trend) >= 0 ? "up" : "down"} ${shareText(Math.abs(Number(meter.trend)))}`}`
      }
      className="xl:col-span-2"
      actions={
        meters.length > 1 && (
          <SelectField
            small
            hideLabel
            label="Meter"
            options={meters.map((one) => [one.meter, one.name ?? nameOfKey(one.meter)])}
            value={meter?.meter ?? ""}
            onChange={(event) => choose(event.target.value)}
          />
        )
      }
    >
      <Loaded query={usage} lines={6}>
        {() =>
          meter === undefined ? (
            <p className="text-small text-ink-soft">There are no meters yet.</p>
          ) : (
            <>
              <LazyChart
                label={`${meter.name ?? nameOfKey(meter.meter)} by month`}
                kind="bars"
                atHead="Month"
                series={[{ key: "value", name: meter.name ?? nameOfKey(meter.meter) }]}
                points={meter.periods.map((period) => ({
                  at: period.period_start,
                  words: utc.month(period.period_start).slice(0, 3),
                  values: { value: period.value ?? period.events },
                }))}
                write={quantityText}
                height={200}
              />
              {meter.top_tenants.length > 0 && (
                <div className="-mx-5 mt-3 sm:-mx-6">
                  <Table
                    dense
                    label="Who uses most"
                    rows={meter.top_tenants.slice(0, 5)}
                    keyOf={(row) => row.tenant_id}
                    columns={[
                      {
                        key: "tenant",
                        head: "Who uses most",
                        cell: (row) => (
                          <Link
                            to="/desk/tenants/$tenant"
                            params={{ tenant: row.tenant_id }}
                            className="font-semibold text-accent hover:underline"
                          >
                            {row.name ?? row.tenant_id}
                          </Link>
                        ),
                      },
                      { key: "events", head: "Events", number: true, cell: (row) => quantityText(row.events) },
                      { key: "value", head: "Value", number: true, cell: (row) => (row.value === null ? "–" : quantityText(row.value)) },
                    ]}
                  />
                </div>
              )}
            </>
          )
        }
      </Loaded>
    </Card>
  );
}
