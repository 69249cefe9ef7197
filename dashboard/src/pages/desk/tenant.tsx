/** Everything about one tenant on one page, and the ways to do something about it. */
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { ExternalLink } from "lucide-react";
import { useState } from "react";
import { StateBadge } from "../../parts/badge.tsx";
import { Button, ButtonLink } from "../../parts/button.tsx";
import { Card, Facts, PageHead } from "../../parts/card.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Figure, Figures } from "../../parts/figure.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { complain } from "../../parts/toast.tsx";
import { engine } from "../../session/engine.ts";
import { moneyText } from "../../text/money.ts";
import { nameOfKey, quantityText } from "../../text/quantity.ts";
import { fromNow, type TimeText, timeText } from "../../text/time.ts";
import { about, ask, type Summary } from "../billing/data.ts";
import { InvoiceTable } from "../billing/invoice-table.tsx";
import { ChecksCard } from "./checks.tsx";
import { PlanAdviceCard } from "./plan-advice.tsx";

export function TenantPage() {
  const { tenant } = useParams({ from: "/desk/tenants/$tenant" });
  const of = useQuery(ask.tenant(tenant));
  const summary = useQuery(ask.summary(tenant));
  const invoices = useQuery(ask.invoices(tenant, 8));
  const time = timeText(of.data?.time_zone);
  return (
    <>
      <PageHead
        title={of.data?.name ?? tenant}
        about={<code className="font-mono text-small">{tenant}</code>}
        actions={
          <>
            <PortalButton tenant={tenant} />
            <ButtonLink to="/t/$tenant" params={{ tenant }}>
              Its billing, as it sees it
            </ButtonLink>
          </>
        }
      />
      <Loaded query={summary} lines={8}>
        {(data) => (
          <>
            <Standing summary={data} time={time} />
            <div className="mt-5 grid gap-5 xl:grid-cols-3">
              <div className="min-w-0 space-y-5 xl:col-span-2">
                <Card flush title="Invoices">
                  <Loaded query={invoices} lines={4}>
                    {(items) =>
                      items.length === 0 ? <Empty title="No invoices yet" /> : <InvoiceTable tenant={tenant} invoices={items} time={time} />
                    }
                  </Loaded>
                </Card>
                <Payments tenant={tenant} time={time} />
                <PlanAdviceCard tenant={tenant} time={time} />
              </div>
              <div className="min-w-0 space-y-5">
                <Who tenant={tenant} summary={data} />
                <ChecksCard tenant={tenant} features={data.entitlements.features} />
                <Events tenant={tenant} now={data.now} time={time} />
              </div>
            </div>
          </>
        )}
      </Loaded>
    </>
  );
}

function Standing({ summary, time }: { summary: Summary; time: TimeText }) {
  const { subscription, credits, open_invoices: open, next_invoice: next } = summary;
  const due = open.reduce((sum, invoice) => sum + BigInt(invoice.amount_due), 0n);
  const currency = subscription.currency ?? open[0]?.currency ?? "usd";
  return (
    <Figures>
      <Figure
        label={subscription.plan ? `On ${nameOfKey(subscription.plan)}` : "Subscription"}
        value={<StateBadge state={subscription.status} />}
        about={
          subscription.current_period_start && subscription.current_period_end
            ? time.period(subscription.current_period_start, subscription.current_period_end)
            : "on what everybody has"
        }
      />
      <Figure
        label="Open"
        value={moneyText(due, currency)}
        tone={due > 0n ? "bad" : "plain"}
        about={open.length === 0 ? "nothing is owed" : `on ${open.length} ${open.length === 1 ? "invoice" : "invoices"}`}
      />
      <Figure
        label="Next invoice"
        value={next ? moneyText(next.total, next.currency) : "–"}
        about={
          next && subscription.current_period_end ? `on ${time.date(subscription.current_period_end)}, as things stand` : "none is coming"
        }
      />
      <Figure label="Credits" value={quantityText(credits.available)} about={`${quantityText(credits.held)} held`} />
    </Figures>
  );
}

function Who({ tenant, summary: { subscription: sub } }: { tenant: string; summary: Summary }) {
  const of = useQuery(ask.tenant(tenant)).data;
  if (!of) return null;
  return (
    <Card title="Who they are">
      <Facts
        items={[
          ["Billing mail", of.billing_email ?? of.email ?? "none"],
          ["Currency", of.currency?.toUpperCase() ?? "none yet"],
          ["Time zone", of.time_zone ?? "UTC"],
          ["Tax id", of.tax_id ?? "none"],
          ["Seats", String(sub.seats ?? "–")],
          ["Cycle run by", sub.processor ?? "–"],
          ["Paid through", sub.gateway ? `${sub.gateway}, ${sub.collection === "send_invoice" ? "by invoice" : "charged"}` : "–"],
          of.test_clock
            ? [
                "Test clock",
                <code key="clock" className="font-mono text-tiny break-all">
                  {of.test_clock}
                </code>,
              ]
            : null,
        ]}
      />
    </Card>
  );
}

function Payments({ tenant, time }: { tenant: string; time: TimeText }) {
  const payments = useQuery({
    queryKey: about(tenant, "payments", 8),
    queryFn: ({ signal }) =>
      engine.request("GET", "/v1/tenants/{tenant_id}/payments", { path: { tenant_id: tenant }, query: { limit: 8 }, signal }),
  });
  return (
    <Card flush title="Payments" about="Every attempt, with the gateway's own words">
      <Loaded query={payments} lines={4}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="Nothing was tried yet" />
          ) : (
            <Table
              dense
              label="Payments"
              rows={items}
              keyOf={(row) => row.id}
              columns={[
                { key: "at", head: "At", cell: (row) => time.dateTime(row.requested_at) },
                { key: "gateway", head: "Through", cell: (row) => row.gateway },
                { key: "state", head: "State", cell: (row) => <StateBadge state={row.status} /> },
                {
                  key: "why",
                  head: "Why",
                  wideOnly: true,
                  cell: (row) => <span className="text-ink-soft">{row.reason ?? row.code ?? ""}</span>,
                },
                { key: "amount", head: "Amount", number: true, cell: (row) => moneyText(row.amount, row.currency) },
              ]}
            />
          )
        }
      </Loaded>
    </Card>
  );
}

function Events({ tenant, now, time }: { tenant: string; now: string; time: TimeText }) {
  const events = useQuery(ask.events(tenant, 12));
  return (
    <Card title="What happened">
      <Loaded query={events} lines={5}>
        {(items) =>
          items.length === 0 ? (
            <p className="text-small text-ink-soft">Nothing yet.</p>
          ) : (
            <ol className="space-y-3">
              {items.map((event) => (
                <li key={event.id} className="text-small">
                  <p>{event.summary}</p>
                  <p className="text-tiny text-ink-soft">
                    {time.dateTime(event.occurred_at)} · {fromNow(event.occurred_at, now, time)} ·{" "}
                    <code className="font-mono">{event.type}</code>
                  </p>
                </li>
              ))}
            </ol>
          )
        }
      </Loaded>
    </Card>
  );
}

/** A link that works once, to be sent to who pays. */
function PortalButton({ tenant }: { tenant: string }) {
  const [url, setUrl] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const make = async () => {
    setBusy(true);
    try {
      setUrl((await engine.request("POST", "/v1/tenants/{tenant_id}/portal", { path: { tenant_id: tenant }, body: {} })).url ?? null);
    } catch (error) {
      complain(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button busy={busy} icon={<ExternalLink aria-hidden className="size-4" />} onClick={() => void make()}>
        Link for them
      </Button>
      <Dialog
        open={url !== null}
        onClose={() => setUrl(null)}
        title="A link to their billing"
        about="It works once, and for a short while. Send it to who pays."
      >
        <code className="block font-mono text-small break-all select-all">{url}</code>
      </Dialog>
    </>
  );
}
