/** One invoice, or the one to come: its lines, each of which can be opened, and what became of its total. */
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { ChevronDown, ChevronLeft, Download } from "lucide-react";
import { useState } from "react";
import { StateBadge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Card, Facts, PageHead } from "../../parts/card.tsx";
import { classes } from "../../parts/classes.ts";
import { Loaded } from "../../parts/states.tsx";
import { complain } from "../../parts/toast.tsx";
import { engine } from "../../session/engine.ts";
import { useMayChange } from "../../session/session.ts";
import { moneyText } from "../../text/money.ts";
import { quantityText } from "../../text/quantity.ts";
import type { TimeText } from "../../text/time.ts";
import { ask, type Invoice, type Line, UPCOMING, useBilling } from "./data.ts";
import { LineExplained } from "./line-explained.tsx";
import { PayButton } from "./pay-button.tsx";

export function InvoicePage() {
  const { invoice: id } = useParams({ from: "/t/$tenant/invoices/$invoice" });
  const billing = useBilling();
  const { tenant, time } = billing;
  const invoice = useQuery(ask.invoice(tenant, id));
  return (
    <>
      <Link
        to="/t/$tenant/invoices"
        params={{ tenant }}
        className="mb-3 inline-flex items-center gap-1 text-small font-semibold text-ink-soft hover:text-ink"
      >
        <ChevronLeft aria-hidden className="size-4" /> Invoices
      </Link>
      <Loaded query={invoice} lines={8}>
        {(found) => <Whole tenant={tenant} invoice={found} time={time} coming={id === UPCOMING} />}
      </Loaded>
    </>
  );
}

function Whole({ tenant, invoice, time, coming }: { tenant: string; invoice: Invoice; time: TimeText; coming: boolean }) {
  const mayChange = useMayChange();
  const { currency } = invoice;
  return (
    <>
      <PageHead
        title={
          <span className="flex flex-wrap items-center gap-3">
            {coming ? "The next invoice, so far" : `Invoice ${invoice.number ?? "(draft)"}`}
            {!coming && <StateBadge state={invoice.status} />}
          </span>
        }
        about={`For ${time.period(invoice.period_start, invoice.period_end)}. Open a line to see what made its amount.`}
        actions={
          !coming && (
            <>
              {mayChange && invoice.amount_due > 0 && invoice.status === "open" && (
                <PayButton tenant={tenant} invoice={invoice} look="primary" />
              )}
              <PdfButton invoice={invoice} />
            </>
          )
        }
      />
      <div className="grid items-start gap-5 lg:grid-cols-3">
        <div className="space-y-5 lg:col-span-2">
          {byPeriod(invoice.lines).map(([period, lines]) => (
            <Card
              key={period}
              flush
              title={lines.some((line) => line.kind === "usage") ? "What was used" : "Paid in advance"}
              about={time.period(lines[0]!.period_start, lines[0]!.period_end)}
            >
              <ul className="divide-y divide-line border-t border-line">
                {lines.map((line, index) => (
                  <LineRow key={line.id ?? `${line.price} ${index}`} tenant={tenant} line={line} currency={currency} time={time} />
                ))}
              </ul>
            </Card>
          ))}
          {invoice.lines.length === 0 && <Card>Nothing is on it.</Card>}
        </div>
        <div className="space-y-5">
          <Card title="Total">
            <Facts
              items={[
                ["Lines", moneyText(invoice.subtotal, currency)],
                invoice.discount !== 0 && ["Discount", moneyText(-BigInt(invoice.discount), currency)],
                ...invoice.taxes.map(
                  (tax) => [`${tax.name} ${tax.percent} %${tax.inclusive ? ", contained" : ""}`, moneyText(tax.amount, currency)] as const,
                ),
                invoice.tax_status === "reverse_charge" && ["Tax", "Reverse charge: yours to pay"],
                invoice.tax_status === "exempt" && ["Tax", "Exempt"],
                [<strong key="t">Total</strong>, <strong key="v">{moneyText(invoice.total, currency)}</strong>],
                invoice.balance_applied !== 0 && ["From the balance", moneyText(-BigInt(invoice.balance_applied), currency)],
                !coming && invoice.amount_paid !== 0 && ["Paid", moneyText(-BigInt(invoice.amount_paid), currency)],
                invoice.amount_credited !== 0 && ["Credited", moneyText(-BigInt(invoice.amount_credited), currency)],
                invoice.amount_refunded !== 0 && ["Given back", moneyText(invoice.amount_refunded, currency)],
                !coming && [<strong key="d">Due</strong>, <strong key="v">{moneyText(invoice.amount_due, currency)}</strong>],
              ]}
            />
          </Card>
          {!coming && (
            <Card title="About it">
              <Facts
                items={[
                  invoice.issued_at !== null && ["Issued", time.date(invoice.issued_at)],
                  invoice.due_at !== null && invoice.status === "open" && ["Due by", time.date(invoice.due_at)],
                  invoice.paid_at !== null && ["Paid on", time.date(invoice.paid_at)],
                  invoice.next_attempt_at !== null && ["Tried again on", time.dateTime(invoice.next_attempt_at)],
                  ["Collected", invoice.collection === "send_invoice" ? "By invoice" : "From the payment method"],
                  ...billTo(invoice),
                ]}
              />
            </Card>
          )}
        </div>
      </div>
    </>
  );
}

function LineRow({ tenant, line, currency, time }: { tenant: string; line: Line; currency: string; time: TimeText }) {
  const [open, setOpen] = useState(false);
  const counted = !["flat", "commitment", "credit", "item"].includes(line.kind) && line.explain.model !== "percentage";
  return (
    <li>
      <button
        type="button"
        aria-expanded={open}
        className="flex w-full items-baseline gap-3 px-5 py-3 text-left text-small hover:bg-sunken/60 focus-visible:outline-offset-[-2px] sm:px-6"
        onClick={() => setOpen(!open)}
      >
        <ChevronDown
          aria-hidden
          className={classes("size-4 shrink-0 self-center text-ink-faint transition-transform", !open && "-rotate-90")}
        />
        <span className="min-w-0 flex-1">
          <span className="font-semibold">{line.description}</span>
          {line.proration && <span className="text-ink-soft"> · a part of the period</span>}
          {counted && <span className="figures block text-tiny text-ink-soft sm:hidden">{quantityText(line.quantity)}</span>}
        </span>
        {counted && <span className="figures text-ink-soft max-sm:hidden">{quantityText(line.quantity)}</span>}
        <span className="figures w-28 text-right font-semibold">{moneyText(line.amount, currency)}</span>
      </button>
      {open && (
        <div className="animate-rise px-5 pt-1 pb-5 sm:pr-6 sm:pl-13">
          <LineExplained tenant={tenant} line={line} currency={currency} time={time} />
        </div>
      )}
    </li>
  );
}

function PdfButton({ invoice }: { invoice: Invoice }) {
  const [busy, setBusy] = useState(false);
  const download = async () => {
    setBusy(true);
    try {
      const bytes = await engine.invoices.pdf(invoice.id!);
      const url = URL.createObjectURL(new Blob([bytes as BlobPart], { type: "application/pdf" }));
      const link = Object.assign(document.createElement("a"), { href: url, download: `${invoice.number ?? "invoice"}.pdf` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    } catch (error) {
      complain(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button busy={busy} icon={<Download aria-hidden className="size-4" />} onClick={() => void download()}>
      PDF
    </Button>
  );
}

/** What was used and closed first, then what is paid ahead: each period is a card. */
function byPeriod(lines: readonly Line[]): [string, Line[]][] {
  const found = new Map<string, Line[]>();
  for (const line of lines) {
    const key = `${line.period_start} ${line.period_end}`;
    found.set(key, [...(found.get(key) ?? []), line]);
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
}

function billTo(invoice: Invoice): (readonly [string, string])[] {
  const to = invoice.bill_to as { name?: string | null; email?: string | null; tax_id?: string | null } | null;
  const facts: [string, string | null | undefined][] = [
    ["Billed to", to?.name],
    ["Sent to", to?.email],
    ["Tax id", to?.tax_id],
  ];
  return facts.flatMap(([label, value]) => (value ? [[label, value] as const] : []));
}
