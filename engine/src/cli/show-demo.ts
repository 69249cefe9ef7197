/** What the demo's month came to: the run's invoices as a table, one of them in full. Everything is read through the API. */
import { styleText } from "node:util";
import { formatInstant, parseInstant } from "../billing/time/instant.ts";
import { type Answer, type Api, listAll } from "../simulation/demo/api.ts";
import { COMPANIES } from "../simulation/demo/companies.ts";
import type { Demo } from "../simulation/demo/seed.ts";
import { type InvoiceAnswer, printInvoice } from "./print-invoice.ts";
import { printRun, printSums, type RunRow } from "./print-run.ts";
import { localDate } from "./wording.ts";

// Seats, tiers, packages and a share of sales: the one that shows most.
const IN_FULL = "kestrel-robotics";

export async function showDemo(api: Api, demo: Demo, columns: number): Promise<{ text: string; shown: InvoiceAnswer | null }> {
  const plans = new Map<string, string>((await listAll(api, "/v1/plans")).map((plan) => [plan.key, plan.name]));
  const rows: RunRow[] = [];
  let ahead = 0;
  let shown: { invoice: InvoiceAnswer; text: string } | null = null;
  for (const company of COMPANIES) {
    const all: Answer[] = await listAll(api, `/v1/tenants/${company.id}/invoices`);
    // What was made after the demo's month is not of this run, should somebody have moved the clock on.
    const ofDemo = all.filter((invoice) => parseInstant(invoice.created_at)! <= demo.month.done);
    ahead += ofDemo.filter((invoice) => invoice.reason === "start").length;
    for (const invoice of ofDemo.filter(({ reason }) => reason === "period")) {
      const plan = plans.get(invoice.lines[0]?.plan) ?? "";
      rows.push({ tenant: company.name, plan, invoice, note: await noteOf(api, invoice, company.timeZone) });
      if (company.id === IN_FULL) {
        shown = { invoice, text: printInvoice(invoice, { name: company.name, plan, timeZone: company.timeZone }, columns) };
      }
    }
  }
  rows.sort((a, b) => (a.invoice.number ?? "").localeCompare(b.invoice.number ?? ""));
  const month = localDate(formatInstant(demo.month.end), "UTC", true);
  const text = [
    `${styleText("bold", `The run of ${month}: ${rows.length} invoices`)}, after ${ahead} for what is paid in advance\n\n`,
    printRun(rows, columns),
    "\n",
    printSums(rows),
    shown ? `\n${styleText("bold", "One of them in full")}\n\n${shown.text}` : "",
  ].join("");
  return { text, shown: shown?.invoice ?? null };
}

async function noteOf(api: Api, invoice: Answer, timeZone: string): Promise<string> {
  if (invoice.status === "paid") return "";
  if (invoice.collection === "send_invoice") return `due ${localDate(invoice.due_at, timeZone)}`;
  const payments: Answer[] = await listAll(api, `/v1/tenants/${invoice.tenant_id}/payments`);
  const last = payments.find((payment) => payment.invoice_id === invoice.id);
  return last?.reason ?? (last?.status === "requires_action" ? "The customer must confirm it." : "");
}
