/** Invoices of all tenants, and money from outside put against them. */
import type { Answer } from "@billwright/client";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { StateBadge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { PageHead } from "../../parts/card.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { SelectField, TextField } from "../../parts/field.tsx";
import { Paged } from "../../parts/paged.tsx";
import { Empty } from "../../parts/states.tsx";
import { complain, say } from "../../parts/toast.tsx";
import { engine } from "../../session/engine.ts";
import { minorDigits, moneyText, shifted } from "../../text/money.ts";
import { utc } from "./data.ts";
import { TenantLink } from "./tenant-link.tsx";

type Invoice = Answer<"GET", "/v1/invoices">["items"][number];

const STATES = ["draft", "open", "paid", "void", "uncollectible"] as const;
type State = (typeof STATES)[number];

export function InvoicesPage() {
  const [state, setState] = useState<State | "">("");
  const [paying, pay] = useState<Invoice | null>(null);
  return (
    <>
      <PageHead title="Invoices" about="Of all tenants. Each opens down to the events that made its amounts." />
      <Paged
        title="Issued"
        label="Invoices"
        queryKey={["desk", "invoices", state]}
        load={(page, signal) => engine.request("GET", "/v1/invoices", { query: { ...page, ...(state ? { status: state } : {}) }, signal })}
        keyOf={(row) => row.id ?? ""}
        actions={
          <SelectField
            small
            hideLabel
            label="State"
            options={[["", "All states"], ...STATES.map((one) => [one, one] as const)]}
            value={state}
            onChange={(event) => setState(event.target.value as State | "")}
          />
        }
        empty={<Empty title="No invoices here">They are made when periods close.</Empty>}
        columns={[
          {
            key: "number",
            head: "Number",
            cell: (row) => (
              <Link
                to="/t/$tenant/invoices/$invoice"
                params={{ tenant: row.tenant_id, invoice: row.id ?? "" }}
                className="figures font-semibold whitespace-nowrap text-accent hover:underline"
              >
                {row.number ?? "draft"}
              </Link>
            ),
          },
          { key: "tenant", head: "Tenant", cell: (row) => <TenantLink id={row.tenant_id} /> },
          { key: "date", head: "Date", wideOnly: true, cell: (row) => (row.issued_at ? utc.date(row.issued_at) : "–") },
          { key: "due", head: "Due by", wideOnly: true, cell: (row) => (row.due_at ? utc.date(row.due_at) : "–") },
          { key: "state", head: "State", cell: (row) => <StateBadge state={row.status} /> },
          { key: "total", head: "Total", number: true, cell: (row) => moneyText(row.total, row.currency) },
          { key: "left", head: "Due", number: true, cell: (row) => moneyText(row.amount_due, row.currency) },
          {
            key: "paid",
            head: <span className="sr-only">Reconcile</span>,
            number: true,
            cell: (row) =>
              row.status === "open" && (
                <Button size="small" look="quiet" aria-label={`Money came for ${row.number}`} onClick={() => pay(row)}>
                  Money came
                </Button>
              ),
          },
        ]}
      />
      {paying && <ReconcileDialog invoice={paying} onClose={() => pay(null)} />}
    </>
  );
}

const METHODS = ["neft", "rtgs", "cheque", "wire", "zoho", "other"] as const;
type Method = (typeof METHODS)[number];

/** A transfer that somebody saw in the bank: its reference counts once. */
function ReconcileDialog({ invoice, onClose }: { invoice: Invoice; onClose: () => void }) {
  const cache = useQueryClient();
  const [method, setMethod] = useState<Method>("wire");
  const [reference, setReference] = useState("");
  const [amount, setAmount] = useState(shifted(String(invoice.amount_due), minorDigits(invoice.currency)));
  const [day, setDay] = useState(utc.iso(new Date().toISOString()));
  const [busy, setBusy] = useState(false);
  const minor = wholeMinor(amount, invoice.currency);
  const save = async () => {
    if (minor === null) return;
    setBusy(true);
    try {
      await engine.request("POST", "/v1/invoices/{id}/reconcile", {
        path: { id: invoice.id ?? "" },
        body: { method, reference, amount: minor, currency: invoice.currency, received_at: utc.midnight(day) },
      });
      say(`It is put against ${invoice.number}.`);
      await cache.invalidateQueries();
      onClose();
    } catch (error) {
      complain(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Money came for ${invoice.number}`}
      about={`${moneyText(invoice.amount_due, invoice.currency)} is due. Less is a part of it; more becomes the tenant's balance.`}
      actions={
        <Button look="primary" busy={busy} disabled={minor === null || reference.trim() === ""} onClick={() => void save()}>
          Put it against the invoice
        </Button>
      }
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField
          label="How"
          options={METHODS.map((one) => [one, one.toUpperCase()])}
          value={method}
          onChange={(event) => setMethod(event.target.value as Method)}
        />
        <TextField label="Received on" type="date" value={day} onChange={(event) => setDay(event.target.value)} />
        <TextField
          label="Reference"
          hint="The bank's own; it counts once"
          value={reference}
          onChange={(event) => setReference(event.target.value)}
        />
        <TextField
          label={`Amount in ${invoice.currency.toUpperCase()}`}
          inputMode="decimal"
          error={minor === null ? "An amount such as 1250.00" : null}
          value={amount}
          onChange={(event) => setAmount(event.target.value)}
        />
      </div>
    </Dialog>
  );
}

/** Whole minor units of an amount as people type it; null: it is none. */
function wholeMinor(text: string, currency: string): number | null {
  const digits = minorDigits(currency);
  const found = /^(\d+)(?:\.(\d+))?$/.exec(text.replaceAll(/[,\s]/g, ""));
  if (!found || (found[2] ?? "").length > digits) return null;
  const minor = Number(`${found[1]}${(found[2] ?? "").padEnd(digits, "0")}`);
  return minor > 0 && Number.isSafeInteger(minor) ? minor : null;
}
