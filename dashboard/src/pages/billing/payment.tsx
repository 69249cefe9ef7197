/** What is paid with, and every attempt at it with what the bank said. */
import type { PaymentMethod } from "@billwright/client";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { CreditCard } from "lucide-react";
import { useState } from "react";
import { Badge, StateBadge } from "../../parts/badge.tsx";
import { Button, buttonClass } from "../../parts/button.tsx";
import { Card, PageHead } from "../../parts/card.tsx";
import { Confirm } from "../../parts/dialog.tsx";
import { Empty, Loaded, Note } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { complain, say } from "../../parts/toast.tsx";
import { engine } from "../../session/engine.ts";
import { useMayChange } from "../../session/session.ts";
import { moneyText } from "../../text/money.ts";
import { AddMethod } from "./add-method.tsx";
import { about, ask, dueOf, refresh, useBilling } from "./data.ts";
import { methodText } from "./method-text.ts";
import { PayButton } from "./pay-button.tsx";

export function PaymentPage() {
  const billing = useBilling();
  const { tenant, summary, time } = billing;
  const mayChange = useMayChange();
  const methods = useQuery(ask.methods(tenant));
  const [adding, setAdding] = useState(false);
  const due = dueOf(summary);
  const payments = useInfiniteQuery({
    queryKey: about(tenant, "payments"),
    queryFn: ({ pageParam, signal }) =>
      engine.request("GET", "/v1/tenants/{tenant_id}/payments", {
        path: { tenant_id: tenant },
        query: { limit: 25, ...(pageParam ? { cursor: pageParam } : {}) },
        signal,
      }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
  });
  return (
    <>
      <PageHead title="Payment" about="Invoices are paid with the default method by themselves." />
      {due && (
        <div className="mb-5">
          <Note
            tone={summary.subscription.status === "past_due" ? "bad" : "warn"}
            action={mayChange && <PayButton tenant={tenant} invoice={due} size="small" />}
          >
            Invoice {due.number} is open, with <strong className="figures">{moneyText(due.amount_due, due.currency)}</strong> to pay.
          </Note>
        </div>
      )}
      <div className="grid gap-5">
        <Card
          title="Payment methods"
          actions={
            mayChange && (
              <Button size="small" onClick={() => setAdding(true)}>
                Add one
              </Button>
            )
          }
        >
          <Loaded query={methods} lines={2}>
            {(found) =>
              found.length === 0 ? (
                <Empty icon={<CreditCard aria-hidden className="size-5" />} title="There is none yet">
                  Without one invoices cannot be paid by themselves.
                </Empty>
              ) : (
                <ul className="space-y-2.5">
                  {found.map((method) => (
                    <MethodRow key={method.id} tenant={tenant} method={method} mayChange={mayChange} />
                  ))}
                </ul>
              )
            }
          </Loaded>
        </Card>
        <Card flush title="Payments">
          <Loaded query={payments} lines={4}>
            {({ pages }) => {
              const rows = pages.flatMap((page) => page.items);
              if (rows.length === 0) return <p className="px-5 pb-5 text-small text-ink-soft sm:px-6">Nothing was paid yet.</p>;
              return (
                <Table
                  label="Payments, newest first"
                  rows={rows}
                  keyOf={(payment) => payment.id}
                  columns={[
                    {
                      key: "at",
                      head: "At",
                      cell: (payment) => <span className="sm:whitespace-nowrap">{time.dateTime(payment.requested_at)}</span>,
                    },
                    {
                      key: "state",
                      head: "State",
                      cell: (payment) =>
                        payment.status === "requires_action" && payment.action_url !== null ? (
                          <a className={buttonClass("plain", "small")} href={payment.action_url}>
                            Confirm
                          </a>
                        ) : (
                          <StateBadge state={payment.status} />
                        ),
                    },
                    {
                      key: "why",
                      head: "What was said",
                      wideOnly: true,
                      cell: (payment) => <span className="text-ink-soft">{payment.reason ?? ""}</span>,
                    },
                    { key: "by", head: "Through", wideOnly: true, cell: (payment) => payment.gateway },
                    { key: "amount", head: "Amount", number: true, cell: (payment) => moneyText(payment.amount, payment.currency) },
                  ]}
                />
              );
            }}
          </Loaded>
          {payments.hasNextPage && (
            <div className="border-t border-line py-3 text-center">
              <Button size="small" busy={payments.isFetchingNextPage} onClick={() => void payments.fetchNextPage()}>
                Show earlier
              </Button>
            </div>
          )}
        </Card>
      </div>
      {adding && <AddMethod billing={billing} onClose={() => setAdding(false)} />}
    </>
  );
}

function MethodRow({ tenant, method, mayChange }: { tenant: string; method: PaymentMethod; mayChange: boolean }) {
  const [removing, setRemoving] = useState(false);
  const [busy, setBusy] = useState(false);
  const name = methodText(method);
  const makeDefault = async () => {
    setBusy(true);
    try {
      await engine.payments.makeDefault(tenant, method.id);
      await refresh(tenant);
      say(`${name} is the default now.`);
    } catch (error) {
      complain(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 rounded-control border border-line px-4 py-3">
      <CreditCard aria-hidden className="size-5 text-ink-faint" />
      <span className="min-w-0 flex-1 basis-40">
        <span className="block font-semibold">{name}</span>
        {method.exp_month !== null && method.exp_year !== null && (
          <span className="figures text-small text-ink-soft">
            Until {String(method.exp_month).padStart(2, "0")}/{method.exp_year}
          </span>
        )}
      </span>
      {method.default && <Badge tone="good">Default</Badge>}
      {mayChange && (
        <span className="flex gap-2">
          {!method.default && (
            <Button size="small" look="quiet" busy={busy} aria-label={`Make default: ${name}`} onClick={() => void makeDefault()}>
              Make default
            </Button>
          )}
          <Button size="small" look="quiet" aria-label={`Remove ${name}`} onClick={() => setRemoving(true)}>
            Remove
          </Button>
        </span>
      )}
      <Confirm
        open={removing}
        danger
        onClose={() => setRemoving(false)}
        title={`Remove ${name}?`}
        deed="Remove it"
        done={`${name} was removed.`}
        act={async () => {
          await engine.payments.removeMethod(tenant, method.id);
          await refresh(tenant);
        }}
      >
        <p className="text-small">Nothing will be taken from it any more. Invoices that are open stay open.</p>
      </Confirm>
    </li>
  );
}
