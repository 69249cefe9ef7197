import { Link } from "@tanstack/react-router";
import { StateBadge } from "../../parts/badge.tsx";
import { Table } from "../../parts/table.tsx";
import { moneyText } from "../../text/money.ts";
import type { TimeText } from "../../text/time.ts";
import type { Invoice } from "./data.ts";

interface Props {
  tenant: string;
  invoices: readonly Invoice[];
  time: TimeText;
  /** Without what a first glance does not need. */
  brief?: boolean;
}

export function InvoiceTable({ tenant, invoices, time, brief = false }: Props) {
  return (
    <Table
      label="Invoices"
      rows={invoices}
      keyOf={(invoice) => invoice.id!}
      columns={[
        {
          key: "number",
          head: "Number",
          cell: (invoice) => (
            <Link
              to="/t/$tenant/invoices/$invoice"
              params={{ tenant, invoice: invoice.id! }}
              className="figures font-semibold whitespace-nowrap text-accent hover:underline"
            >
              {invoice.number ?? "Draft"}
            </Link>
          ),
        },
        {
          key: "date",
          head: "Date",
          cell: (invoice) => <span className="whitespace-nowrap">{time.date(invoice.issued_at ?? invoice.created_at!)}</span>,
        },
        ...(brief
          ? []
          : [
              {
                key: "period",
                head: "For",
                wideOnly: true,
                cell: (invoice: Invoice) => time.period(invoice.period_start, invoice.period_end),
              },
            ]),
        { key: "state", head: "State", cell: (invoice) => <StateBadge state={invoice.status} />, wideOnly: brief },
        { key: "total", head: "Total", number: true, cell: (invoice) => moneyText(invoice.total, invoice.currency) },
        { key: "due", head: "Due", number: true, wideOnly: true, cell: (invoice) => moneyText(invoice.amount_due, invoice.currency) },
      ]}
    />
  );
}
