/** What was prepaid: how much is left, how it went down, what expires when, and more of it. */
import type { CreditTransaction, Schemas } from "@billwright/client";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Coins } from "lucide-react";
import { useState } from "react";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Card, Facts, PageHead } from "../../parts/card.tsx";
import { SelectField } from "../../parts/field.tsx";
import { LazyChart } from "../../parts/lazy-chart.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { engine } from "../../session/engine.ts";
import { useMayChange } from "../../session/session.ts";
import { nameOfKey, quantityText } from "../../text/quantity.ts";
import { fromNow, type TimeText } from "../../text/time.ts";
import { BuyCredits } from "./buy-credits.tsx";
import { about, ask, type Billing, useBilling } from "./data.ts";

const SOURCES: Record<string, string> = { plan: "Plan", purchase: "Bought", promotion: "Gift", adjustment: "Adjustment" };

export function CreditsPage() {
  const billing = useBilling();
  const { tenant, summary, time, now } = billing;
  const mayChange = useMayChange();
  const { credits } = summary;
  return (
    <>
      <PageHead title="Credits" about="What is paid for and not spent. What expires first is spent first, unless its kind comes before." />
      <div className="grid items-start gap-5 lg:grid-cols-3">
        <div className="space-y-5">
          <Card title="Left">
            <p className="figures text-[2.25rem] leading-tight font-semibold tracking-tight">{quantityText(credits.available)}</p>
            <div className="mt-4">
              <Facts
                items={[
                  ...Object.entries(credits.by_source as Record<string, number | string>).map(
                    ([source, amount]) => [SOURCES[source] ?? nameOfKey(source), quantityText(amount)] as const,
                  ),
                  Number(credits.held) !== 0 && ["Reserved", quantityText(credits.held)],
                  Number(credits.upcoming) !== 0 && ["Not usable yet", quantityText(credits.upcoming)],
                ]}
              />
            </div>
          </Card>
          {mayChange && <BuyCredits billing={billing} />}
          <Coming billing={billing} />
        </div>
        <BurnDown billing={billing} />
        <Card flush title="Grants" about="Where they came from, and until when they hold" className="lg:col-span-3">
          {credits.grants.length === 0 ? (
            <Empty icon={<Coins aria-hidden className="size-5" />} title="There are no credits" />
          ) : (
            <Table
              label="Grants of credits"
              rows={credits.grants}
              keyOf={(grant) => grant.id}
              columns={[
                { key: "source", head: "From", cell: (grant) => SOURCES[grant.source] ?? grant.source },
                { key: "since", head: "Since", wideOnly: true, cell: (grant) => time.date(grant.effective_at) },
                {
                  key: "until",
                  head: "Until",
                  cell: (grant) =>
                    grant.expires_at === null ? "No end" : `${time.date(grant.expires_at)}, ${fromNow(grant.expires_at, now, time)}`,
                },
                { key: "amount", head: "Granted", number: true, wideOnly: true, cell: (grant) => quantityText(grant.amount) },
                { key: "left", head: "Left", number: true, cell: (grant) => quantityText(grant.remaining) },
              ]}
            />
          )}
        </Card>
        <History tenant={tenant} time={time} />
      </div>
    </>
  );
}

/** What comes by the calendar, the next one first; without any there is nothing to see. */
function Coming({ billing: { tenant, time, now } }: { billing: Billing }) {
  const { data } = useQuery(ask.topUpRules(tenant));
  const coming = (data ?? []).filter((rule) => rule.next_at !== null).sort((a, b) => (a.next_at! < b.next_at! ? -1 : 1));
  if (coming.length === 0) return null;
  return (
    <Card title="Coming by the calendar">
      <Facts items={coming.map((rule) => [whatOf(rule), `${time.date(rule.next_at!)}, ${fromNow(rule.next_at!, now, time)}`] as const)} />
    </Card>
  );
}

function whatOf({ product, quantity, amount, target, interval, interval_count: count }: Schemas["CreditTopUpRule"]): string {
  const much =
    target !== null ? `Up to ${quantityText(target)}` : product !== null ? `${quantity} × ${nameOfKey(product)}` : quantityText(amount!);
  return `${much} every ${count === 1 ? "" : `${count} `}${interval}${count === 1 ? "" : "s"}`;
}

/** Enough for a picture; the whole ledger is below. */
const DRAWN = 400;

function BurnDown({ billing: { tenant, summary, now, time } }: { billing: Billing }) {
  const ledger = useQuery({
    queryKey: about(tenant, "ledger", DRAWN),
    queryFn: () => engine.credits.transactions(tenant, { limit: 100 }).all(DRAWN),
  });
  return (
    <Card title="How it went" about="The balance after each day" className="lg:col-span-2">
      <Loaded query={ledger} lines={6}>
        {(found) =>
          found.length < 2 ? (
            <Empty icon={<Coins aria-hidden className="size-5" />} title="Nothing to draw yet">
              The line begins with the first credits.
            </Empty>
          ) : (
            <LazyChart
              label="Balance of credits by day"
              kind="steps"
              height={280}
              series={[{ key: "balance", name: "Credits" }]}
              points={balances(found, summary.credits.balance, now, time)}
              write={quantityText}
            />
          )
        }
      </Loaded>
    </Card>
  );
}

/** The last balance of each day, days without a change too. Newest first comes in. */
function balances(ledger: readonly CreditTransaction[], balance: number | string, now: string, time: TimeText) {
  const last = new Map<string, number | string>();
  for (const { created_at, balance_after } of [...ledger].reverse()) last.set(time.iso(created_at), balance_after);
  last.set(time.iso(now), balance);
  const days = [...last.keys()].sort();
  const points: { at: string; words: string; values: Record<string, number | string> }[] = [];
  let carried: number | string = 0;
  for (let at = Date.parse(`${days[0]}T12:00:00Z`); at <= Date.parse(`${days.at(-1)}T12:00:00Z`); at += 86_400_000) {
    const day = new Date(at).toISOString().slice(0, 10);
    carried = last.get(day) ?? carried;
    points.push({ at: day, words: time.day(`${day}T12:00:00Z`), values: { balance: carried } });
  }
  return points;
}

const TYPES = [
  ["", "Everything"],
  ["granted", "Granted"],
  ["consumed", "Spent"],
  ["expired", "Expired"],
  ["transferred", "Given on"],
  ["refunded", "Taken back"],
] as const;
const WORDS: Record<string, string> = {
  granted: "Granted",
  consumed: "Spent",
  expired: "Expired",
  held: "Reserved",
  released: "Given free",
  transferred: "Given on",
  refunded: "Taken back",
};

function History({ tenant, time }: { tenant: string; time: TimeText }) {
  const [type, setType] = useState("");
  const ledger = useInfiniteQuery({
    queryKey: about(tenant, "ledger", "all", type),
    queryFn: ({ pageParam, signal }) =>
      engine.request("GET", "/v1/tenants/{tenant_id}/credits/transactions", {
        path: { tenant_id: tenant },
        query: { limit: 25, ...(type ? { type: type as "granted" } : {}), ...(pageParam ? { cursor: pageParam } : {}) },
        signal,
      }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
  });
  return (
    <Card
      flush
      title="History"
      className="lg:col-span-3"
      actions={<SelectField small hideLabel label="Kind" value={type} options={TYPES} onChange={(event) => setType(event.target.value)} />}
    >
      <Loaded query={ledger} lines={5}>
        {({ pages }) => {
          const rows = pages.flatMap((page) => page.items);
          if (rows.length === 0) return <Empty icon={<Coins aria-hidden className="size-5" />} title="Nothing of this kind" />;
          return (
            <Table
              dense
              label="Ledger of credits, newest first"
              rows={rows}
              keyOf={(row) => row.id}
              columns={[
                { key: "at", head: "At", cell: (row) => <span className="sm:whitespace-nowrap">{time.dateTime(row.created_at)}</span> },
                {
                  key: "what",
                  head: "What",
                  cell: (row) => (
                    <span className="flex flex-wrap items-center gap-x-2">
                      <Badge tone={Number(row.amount) > 0 ? "good" : "plain"}>{WORDS[row.type] ?? row.type}</Badge>
                      <span className="text-ink-soft">{row.event_name ? nameOfKey(row.event_name) : (row.reason ?? "")}</span>
                    </span>
                  ),
                },
                {
                  key: "amount",
                  head: "Credits",
                  number: true,
                  cell: (row) => (Number(row.amount) > 0 ? `+${quantityText(row.amount)}` : quantityText(row.amount)),
                },
                { key: "after", head: "Left then", number: true, wideOnly: true, cell: (row) => quantityText(row.balance_after) },
              ]}
            />
          );
        }}
      </Loaded>
      {ledger.hasNextPage && (
        <div className="border-t border-line py-3 text-center">
          <Button size="small" busy={ledger.isFetchingNextPage} onClick={() => void ledger.fetchNextPage()}>
            Show earlier
          </Button>
        </div>
      )}
    </Card>
  );
}
