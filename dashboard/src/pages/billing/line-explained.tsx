/** Under a line of an invoice: the steps that made its amount, the meter behind it, and the events behind the meter. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "../../parts/button.tsx";
import { Loaded } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { engine } from "../../session/engine.ts";
import { unitPriceText } from "../../text/money.ts";
import { nameOfKey, quantityText } from "../../text/quantity.ts";
import type { TimeText } from "../../text/time.ts";
import { about, ask, type Line } from "./data.ts";
import { explain } from "./explain.ts";

interface Props {
  tenant: string;
  line: Line;
  currency: string;
  time: TimeText;
}

export function LineExplained({ tenant, line, currency, time }: Props) {
  const { model, steps, exact } = explain(line, currency);
  return (
    <div className="space-y-3 border-l-2 border-accent pl-4 text-small">
      {model && <p className="text-ink-soft">{model}</p>}
      {steps.length > 0 && (
        <dl className="space-y-1">
          {steps.map(({ what, quantity, price, amount }) => (
            <div key={what} className="figures grid grid-cols-[1fr_auto] gap-x-4 sm:grid-cols-[1fr_9rem_8rem_8rem]">
              <dt>{what}</dt>
              <dd className="text-right text-ink-soft max-sm:hidden">{quantity}</dd>
              <dd className="text-right text-ink-soft max-sm:hidden">{price && `× ${price}`}</dd>
              <dd className="text-right">{amount !== undefined && unitPriceText(amount, currency)}</dd>
              {quantity && (
                <dd className="col-span-2 text-tiny text-ink-soft sm:hidden">
                  {quantity}
                  {price && ` × ${price}`}
                </dd>
              )}
            </div>
          ))}
        </dl>
      )}
      {exact !== null && <p className="figures text-ink-soft">Exactly {unitPriceText(exact, currency)}, rounded once.</p>}
      {line.discounts.map((discount) => (
        <p key={discount.discount} className="figures text-ink-soft">
          Discount “{discount.name || discount.coupon}”: −{unitPriceText(discount.amount, currency)}
        </p>
      ))}
      {line.taxes.map((tax) => (
        <p key={tax.key} className="figures text-ink-soft">
          {tax.name} {tax.percent} % of {unitPriceText(tax.taxable, currency)}
          {tax.inclusive ? ", contained in the price" : ""}: {unitPriceText(tax.amount, currency)}
        </p>
      ))}
      {line.meter !== null && <Behind tenant={tenant} line={line} meter={line.meter} time={time} />}
    </div>
  );
}

const SHOWN = 10;

function Behind({ tenant, line, meter: key, time }: { tenant: string; line: Line; meter: string; time: TimeText }) {
  const [open, setOpen] = useState(false);
  const meter = useQuery(ask.meters()).data?.find((one) => one.key === key);
  const group = line.group as Record<string, string | null> | null;
  const events = useQuery({
    queryKey: about(tenant, "events-behind", line.id, key, line.period_start, line.period_end),
    enabled: open && meter !== undefined,
    queryFn: async ({ signal }) =>
      (
        await engine.request("GET", "/v1/tenants/{tenant_id}/usage/events", {
          path: { tenant_id: tenant },
          query: { event: meter!.event, from: line.period_start, to: line.period_end, limit: 100 },
          signal,
        })
      ).items,
  });
  const mine = (properties: Record<string, unknown>) =>
    Object.entries(group ?? {}).every(([name, value]) => String(properties[name] ?? "") === String(value ?? ""));
  return (
    <div>
      <p className="text-ink-soft">
        Counted by the meter <strong className="text-ink">{meter?.name ?? nameOfKey(key)}</strong>
        {meter &&
          ` (${meter.aggregation.replaceAll("_", " ")}${meter.property ? ` of ${meter.property}` : ""} over events “${meter.event}”)`}{" "}
        from {time.period(line.period_start, line.period_end)}.
      </p>
      <Button size="small" className="mt-2" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? "Hide the events" : "The events behind it"}
      </Button>
      {open && (
        <div className="mt-3 rounded-control border border-line bg-surface">
          <Loaded query={events} lines={3}>
            {(found) => {
              const rows = found.filter(({ properties }) => mine(properties as Record<string, unknown>)).slice(0, SHOWN);
              if (rows.length === 0)
                return <p className="p-4 text-ink-soft">None of the newest are of this line; Usage has the sums by day.</p>;
              return (
                <>
                  <Table
                    dense
                    label="Events behind this line, newest first"
                    rows={rows}
                    keyOf={(event) => event.id}
                    columns={[
                      { key: "at", head: "At", cell: (event) => <span className="whitespace-nowrap">{time.dateTime(event.at)}</span> },
                      {
                        key: "key",
                        head: "Key",
                        wideOnly: true,
                        cell: (event) => <code className="font-mono text-tiny break-all">{event.idempotency_key}</code>,
                      },
                      {
                        key: "value",
                        head: meter?.property ?? "Amount",
                        number: true,
                        cell: (event) =>
                          valueText(meter?.property ? (event.properties as Record<string, unknown>)[meter.property] : event.amount),
                      },
                    ]}
                  />
                  <p className="border-t border-line px-5 py-2 text-tiny text-ink-soft sm:px-6">The newest {rows.length} of this period.</p>
                </>
              );
            }}
          </Loaded>
        </div>
      )}
    </div>
  );
}

function valueText(value: unknown): string {
  if (typeof value === "number" || (typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value))) return quantityText(value);
  return value === undefined ? "" : String(value);
}
