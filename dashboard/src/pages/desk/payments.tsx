/** Every attempt to collect, and what the bank's statement brought: matched with invoices, accepted one by one. */
import { useState } from "react";
import { DisputeBadge, StateBadge } from "../../parts/badge.tsx";
import { PageHead } from "../../parts/card.tsx";
import { SelectField } from "../../parts/field.tsx";
import { Paged } from "../../parts/paged.tsx";
import { Empty } from "../../parts/states.tsx";
import { engine } from "../../session/engine.ts";
import { moneyText } from "../../text/money.ts";
import { StatementCard } from "./bank-statement.tsx";
import { utc } from "./data.ts";
import { TenantLink } from "./tenant-link.tsx";

const STATES = ["succeeded", "failed", "pending", "requires_action", "unknown"] as const;
type State = (typeof STATES)[number];

export function PaymentsPage() {
  const [state, setState] = useState<State | "">("");
  return (
    <>
      <PageHead title="Payments" about="Every attempt, with the gateway's own code and reason; and money from outside." />
      <div className="space-y-5">
        <StatementCard />
        <Paged
          title="Attempts"
          label="Payments"
          queryKey={["desk", "attempts", state]}
          load={(page, signal) =>
            engine.request("GET", "/v1/payments", { query: { ...page, ...(state ? { status: state } : {}) }, signal })
          }
          keyOf={(row) => row.id}
          actions={
            <SelectField
              small
              hideLabel
              label="State"
              options={[["", "All states"], ...STATES.map((one) => [one, one.replaceAll("_", " ")] as const)]}
              value={state}
              onChange={(event) => setState(event.target.value as State | "")}
            />
          }
          empty={<Empty title="No payments here">What is collected appears as it is tried.</Empty>}
          columns={[
            { key: "at", head: "At", cell: (row) => utc.dateTime(row.requested_at) },
            { key: "tenant", head: "Tenant", cell: (row) => <TenantLink id={row.tenant_id} /> },
            { key: "gateway", head: "Through", wideOnly: true, cell: (row) => row.gateway },
            {
              key: "state",
              head: "State",
              cell: (row) => (
                <span className="flex flex-wrap gap-1">
                  <StateBadge state={row.status} />
                  {row.dispute && <DisputeBadge state={row.dispute} />}
                </span>
              ),
            },
            {
              key: "why",
              head: "Why",
              wideOnly: true,
              cell: (row) => <span className="text-ink-soft">{row.reason ?? row.code ?? ""}</span>,
            },
            { key: "amount", head: "Amount", number: true, cell: (row) => moneyText(row.amount, row.currency) },
          ]}
        />
      </div>
    </>
  );
}
