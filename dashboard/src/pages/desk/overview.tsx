/** How the business does: recurring revenue and what moved it, churn, trials, payments, credits, usage. */
import type { Answer } from "@billwright/client";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Card, Facts, PageHead } from "../../parts/card.tsx";
import { SelectField } from "../../parts/field.tsx";
import { Figure, Figures } from "../../parts/figure.tsx";
import { LazyChart } from "../../parts/lazy-chart.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { TextLink } from "../../parts/text-link.tsx";
import { moneyText, shortMoneyText } from "../../text/money.ts";
import { quantityText, shortText } from "../../text/quantity.ts";
import { figures, shareText, utc } from "./data.ts";
import { UsageTrends } from "./usage-trends.tsx";

type Revenue = Answer<"GET", "/v1/analytics/revenue">;
type OfCurrency = Revenue["currencies"][number];

export function Overview() {
  const revenue = useQuery(figures.revenue("month"));
  const [chosen, choose] = useState<string | null>(null);
  return (
    <Loaded query={revenue} lines={8}>
      {(data) => {
        const currencies = [...data.currencies].sort((a, b) => b.customers - a.customers || a.currency.localeCompare(b.currency));
        const shown = currencies.find(({ currency }) => currency === chosen) ?? currencies[0];
        if (!shown)
          return (
            <Card>
              <Empty title="Nothing has been billed yet">
                The figures of the business appear with the first subscription that is paid for.
              </Empty>
            </Card>
          );
        return (
          <>
            <PageHead
              title="Overview"
              about="The last twelve months, each currency by itself: amounts of different currencies are never added."
              actions={
                currencies.length > 1 && (
                  <SelectField
                    small
                    label="Currency"
                    options={currencies.map(({ currency, customers }) => [currency, `${currency.toUpperCase()} · ${customers} customers`])}
                    value={shown.currency}
                    onChange={(event) => choose(event.target.value)}
                  />
                )
              }
            />
            <Business revenue={shown} trials={data.trials} />
            <div className="mt-5 grid gap-5 xl:grid-cols-3">
              <Recurring revenue={shown} />
              <Collection currency={shown.currency} />
            </div>
            <div className="mt-5 grid gap-5 xl:grid-cols-3">
              <UsageTrends />
              <CreditFigures />
            </div>
          </>
        );
      }}
    </Loaded>
  );
}

function Business({ revenue, trials }: { revenue: OfCurrency; trials: Revenue["trials"] }) {
  const { currency, periods } = revenue;
  const last = periods.at(-1);
  const net = last ? BigInt(last.mrr) - BigInt(last.mrr_at_start) : 0n;
  return (
    <Figures>
      <Figure
        label="Recurring revenue a month"
        value={moneyText(revenue.mrr, currency)}
        tone={net < 0n ? "bad" : net > 0n ? "good" : "plain"}
        about={`${net >= 0n ? "+" : ""}${moneyText(net, currency)} this month, ${revenue.customers} customers`}
      />
      <Figure
        label="Customers lost"
        value={shareText(last?.customer_churn_rate ?? null)}
        about={`${last?.churned_customers ?? 0} this month, ${revenue.churned_customers} in twelve`}
      />
      <Figure
        label="Trials that became paid"
        value={shareText(trials.conversion_rate)}
        about={`${trials.converted} of ${trials.ended} that ended`}
      />
      <Figure
        label="Collected"
        value={moneyText(revenue.collected, currency)}
        about={`of ${moneyText(revenue.invoiced, currency)} on ${revenue.invoices} invoices`}
      />
    </Figures>
  );
}

function Recurring({ revenue }: { revenue: OfCurrency }) {
  const { currency, periods, forecast } = revenue;
  const money = (minor: number | string) => moneyText(minor, currency);
  return (
    <Card title="Recurring revenue" about="At the end of each month, and what moved it" className="xl:col-span-2">
      <LazyChart
        label="Recurring revenue by month"
        kind="area"
        atHead="Month"
        series={[{ key: "mrr", name: "Recurring revenue" }]}
        points={periods.map((period) => ({
          at: period.period_start,
          words: utc.month(period.period_start).slice(0, 3),
          values: { mrr: period.mrr },
        }))}
        write={money}
        axis={(value) => shortMoneyText(value, currency)}
        height={220}
      />
      <div className="-mx-5 mt-3 sm:-mx-6">
        <Table
          dense
          label="What moved the recurring revenue"
          rows={[...periods].reverse().slice(0, 6)}
          keyOf={(period) => period.period_start}
          columns={[
            { key: "month", head: "Month", cell: (row) => utc.month(row.period_start) },
            { key: "start", head: "At its start", number: true, wideOnly: true, cell: (row) => money(row.mrr_at_start) },
            { key: "new", head: "New", number: true, cell: (row) => money(row.new) },
            { key: "expansion", head: "More", number: true, cell: (row) => money(row.expansion) },
            { key: "back", head: "Back again", number: true, wideOnly: true, cell: (row) => money(row.reactivation) },
            { key: "contraction", head: "Less", number: true, cell: (row) => money(-row.contraction) },
            { key: "churn", head: "Lost", number: true, cell: (row) => money(-row.churn) },
            { key: "end", head: "At its end", number: true, cell: (row) => <strong>{money(row.mrr)}</strong> },
          ]}
        />
      </div>
      {forecast.mrr && (
        <p className="mt-3 text-small text-ink-soft">
          By {forecast.mrr.method.replaceAll("_", " ")}, next month ends at about{" "}
          <strong className="figures text-ink">{money(forecast.mrr.periods[0]?.value ?? 0)}</strong>. Over the last{" "}
          {forecast.mrr.tested_periods} months that method was wrong by {shareText(forecast.mrr.error)} on average.
        </p>
      )}
    </Card>
  );
}

const AGES: Record<string, string> = {
  not_due: "Not due yet",
  "1_30": "1 to 30 days late",
  "31_60": "31 to 60 days late",
  "61_90": "61 to 90 days late",
  over_90: "More than 90 days late",
};

function Collection({ currency }: { currency: string }) {
  const payments = useQuery(figures.payments());
  return (
    <Card title="Payments" about="How they went, and what is open" actions={<TextLink to="/desk/payments">All payments</TextLink>}>
      <Loaded query={payments} lines={6}>
        {({ currencies }) => {
          const of = currencies.find((one) => one.currency === currency);
          if (!of) return <p className="text-small text-ink-soft">None in {currency.toUpperCase()} in this time.</p>;
          const money = (minor: number | string) => moneyText(minor, currency);
          return (
            <>
              <Facts
                items={[
                  ["Went through", `${shareText(of.success_rate)} of ${of.succeeded + of.failed}`],
                  ["Failed first, paid by now", `${shareText(of.recovery_rate)} of ${of.invoices_failed}`],
                  ["At risk", money(of.amount_at_risk)],
                  ["Recovered", money(of.amount_recovered)],
                  ...of.aging
                    .filter(({ invoices }) => invoices > 0)
                    .map((one) => [AGES[one.age] ?? one.age, `${money(one.amount)} on ${one.invoices}`] as const),
                ]}
              />
              {of.failures.length > 0 && (
                <>
                  <h3 className="mt-4 mb-1 text-small font-semibold">Why they failed</h3>
                  <Facts
                    items={of.failures
                      .slice(0, 5)
                      .map((one) => [`${(one.code ?? "no reason given").replaceAll("_", " ")} (${one.gateway})`, String(one.count)])}
                  />
                </>
              )}
            </>
          );
        }}
      </Loaded>
    </Card>
  );
}

function CreditFigures() {
  const credits = useQuery(figures.credits());
  return (
    <Card title="Credits" about="Granted, used, and what is out there">
      <Loaded query={credits} lines={6}>
        {(data) => (
          <>
            <Facts
              items={[
                ["Outstanding", quantityText(data.outstanding)],
                ["Granted", quantityText(data.granted)],
                ["Used", quantityText(data.consumed)],
                ["Expired", quantityText(data.expired)],
                ["Used a day", shortText(data.burn_per_day)],
                data.days_left !== null && ["Lasts, at that pace", `${shortText(data.days_left)} days`],
              ]}
            />
            {data.forecast && (
              <p className="mt-3 text-small text-ink-soft">
                Next month about {shortText(data.forecast.periods[0]?.value ?? 0)}, by {data.forecast.method.replaceAll("_", " ")}; it was
                wrong by {shareText(data.forecast.error)} on average.
              </p>
            )}
          </>
        )}
      </Loaded>
    </Card>
  );
}
