/** What something would cost: a plan, its quantities and seats, priced by the code that makes invoices. */
import type { Answer } from "@billwright/client";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Card, PageHead } from "../../parts/card.tsx";
import { SelectField, Stepper, TextField } from "../../parts/field.tsx";
import { Failure, Loaded, Loading } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { engine } from "../../session/engine.ts";
import { moneyText, unitPriceText } from "../../text/money.ts";
import { nameOfKey, quantityText } from "../../text/quantity.ts";
import { ask, type Plan } from "../billing/data.ts";

type Line = Answer<"POST", "/v1/quote">["lines"][number];

export function QuotePage() {
  const plans = useQuery(ask.plans());
  return (
    <>
      <PageHead title="Quote" about="What a month would come to. It is priced by the code that makes invoices, and nothing is stored." />
      <Loaded query={plans} lines={6}>
        {(all) => (all.length === 0 ? <Card>There are no plans to quote yet.</Card> : <Calculator plans={all} />)}
      </Loaded>
    </>
  );
}

function Calculator({ plans }: { plans: readonly Plan[] }) {
  // The one with most to say is shown first.
  const [key, setKey] = useState(
    () => plans.reduce((most, one) => ((one.prices?.length ?? 0) > (most.prices?.length ?? 0) ? one : most)).key,
  );
  const [seats, setSeats] = useState(1);
  const [used, setUsed] = useState<Record<string, string>>({});
  const plan = plans.find((one) => one.key === key) ?? plans[0]!;
  const prices = plan.prices ?? [];
  const own = plan.currency ?? "usd";
  const [currency, setCurrency] = useState(own);
  const currencies = [own, ...Object.keys(plan.currencies ?? {})];
  const inForce = currencies.includes(currency) ? currency : own;
  const metered = prices.filter((price) => price.type === "usage");
  const quantities = Object.fromEntries(metered.map((price) => [price.key, used[price.key] || "0"]));
  const wrong = Object.entries(quantities).find(([, text]) => !/^\d+(\.\d{1,12})?$/.test(text))?.[0] ?? null;
  const quote = useQuery({
    queryKey: ["desk", "quote", plan.key, inForce, seats, quantities],
    enabled: wrong === null,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      engine.request("POST", "/v1/quote", { body: { plan: plan.key, currency: inForce, seats, quantities }, signal }),
  });
  return (
    <div className="grid gap-5 lg:grid-cols-3">
      <Card title="What is bought" className="lg:self-start">
        <div className="space-y-4">
          <SelectField
            label="Plan"
            value={plan.key}
            options={plans.map((one) => [one.key, `${one.name}, by the ${one.interval}`])}
            onChange={(event) => setKey(event.target.value)}
          />
          {currencies.length > 1 && (
            <SelectField
              label="Currency"
              value={inForce}
              options={currencies.map((one) => [one, one.toUpperCase()])}
              onChange={(event) => setCurrency(event.target.value)}
            />
          )}
          {prices.some((price) => price.type === "seat") && (
            <Stepper label="Seats" min={1} max={100_000} value={seats} onChange={setSeats} />
          )}
          {metered.map((price) => (
            <TextField
              key={price.key}
              label={nameOfKey(price.key)}
              inputMode="decimal"
              placeholder="0"
              error={wrong === price.key ? "A number of what is used, such as 1250 or 0.5" : null}
              value={used[price.key] ?? ""}
              onChange={(event) => setUsed({ ...used, [price.key]: event.target.value.replaceAll(/[,\s]/g, "") })}
            />
          ))}
        </div>
      </Card>
      <Card flush title="What it comes to" className="lg:col-span-2 lg:self-start">
        {quote.error ? (
          <div className="px-6 pb-5">
            <Failure error={quote.error} retry={() => void quote.refetch()} />
          </div>
        ) : quote.data === undefined ? (
          <div className="px-6 pb-5">
            <Loading lines={4} />
          </div>
        ) : (
          <Table
            label="Lines of the quote"
            rows={stepsOf(quote.data.lines)}
            keyOf={(row) => row.key}
            columns={[
              {
                key: "what",
                head: "What",
                cell: (row) => <span className={row.step ? "pl-4 text-ink-soft" : "font-semibold"}>{row.words}</span>,
              },
              { key: "quantity", head: "Quantity", number: true, cell: (row) => (row.quantity === null ? "" : quantityText(row.quantity)) },
              {
                key: "rate",
                head: "Each",
                number: true,
                wideOnly: true,
                cell: (row) => (row.rate === null ? "" : unitPriceText(row.rate, quote.data.currency)),
              },
              { key: "amount", head: "Amount", number: true, cell: (row) => (row.step ? "" : moneyText(row.amount, quote.data.currency)) },
            ]}
            foot={
              <tr>
                <td className="px-5 py-3 sm:px-6" colSpan={2}>
                  Total
                </td>
                <td className="max-sm:hidden" />
                <td className="figures px-5 py-3 text-right sm:px-6">{moneyText(quote.data.total, quote.data.currency)}</td>
              </tr>
            }
          />
        )}
      </Card>
    </div>
  );
}

interface Row {
  key: string;
  step: boolean;
  words: string;
  quantity: number | string | null;
  rate: string | number | null;
  amount: number | string;
}

/** Each line, and below it the tiers that made it. */
function stepsOf(lines: readonly Line[]): Row[] {
  return lines.flatMap((line, index): Row[] => {
    const tiers = line.tiers ?? [];
    const head: Row = {
      key: String(index),
      step: false,
      words: nameOfKey(line.description),
      quantity: line.quantity,
      rate: line.unit_amount,
      amount: line.amount,
    };
    if (tiers.length < 2) return [head];
    return [
      head,
      ...tiers.map(
        (tier, place): Row => ({
          key: `${index}.${place}`,
          step: true,
          words: tier.up_to === null ? "above that" : `up to ${quantityText(tier.up_to)}`,
          quantity: tier.quantity,
          rate: tier.unit_amount ?? null,
          amount: 0,
        }),
      ),
    ];
  });
}
