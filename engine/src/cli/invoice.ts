/** `billwright invoice`: one in full, a tenant's as a list, and the one of a period made now. */
import { type Command, Option } from "commander";
import { inMajor } from "../billing/money/written.ts";
import { type Api, ApiError } from "./api.ts";
import { type InvoiceAnswer, type NoteAnswer, printInvoice, statusWords } from "./print-invoice.ts";
import type { Shell } from "./program.ts";
import { table } from "./table.ts";
import { CommandError, type Terminal } from "./terminal.ts";
import { localDate } from "./wording.ts";

interface Remote {
  url?: string;
  key?: string;
  json?: boolean;
}
interface TenantAnswer {
  tenant_id: string;
  name: string | null;
  time_zone: string;
}
interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

const STATUSES = ["draft", "open", "paid", "void", "uncollectible"];

export function invoiceCommands(program: Command, { terminal, api, remote, run }: Shell): void {
  const invoice = program.command("invoice").description("show, list and make invoices");

  remote(invoice.command("show").argument("<invoice>", "inv_…, or a number such as INV-2026-000063"))
    .description("one invoice, with what made each of its amounts")
    .option("--tenant <tenant_id>", "whose it is: a number is then looked for among this tenant's alone")
    .option("--json", "the answer as JSON")
    .action(
      run(async (wanted: string, options: Remote & { tenant?: string }) => {
        const engine = api(options);
        const found = wanted.startsWith("inv_")
          ? await engine.request<InvoiceAnswer>("GET", `/v1/invoices/${encodeURIComponent(wanted)}`)
          : await findByNumber(engine, wanted, options.tenant ?? null);
        await show(engine, terminal, found, options.json ?? false);
      }),
    );

  remote(invoice.command("list"))
    .description("the invoices of a tenant, newest first")
    .requiredOption("--tenant <tenant_id>", "whose")
    .addOption(new Option("--status <status>", "only those").choices(STATUSES))
    .option("--json", "the answers as JSON")
    .action(
      run(async (options: Remote & { tenant: string; status?: string }) => {
        const engine = api(options);
        const path = `/v1/tenants/${encodeURIComponent(options.tenant)}`;
        const all: InvoiceAnswer[] = [];
        for await (const one of each<InvoiceAnswer>(engine, `${path}/invoices`, options.status ? `&status=${options.status}` : ""))
          all.push(one);
        if (options.json) return terminal.out(`${JSON.stringify(all, null, 2)}\n`);
        const tenant = await engine.request<TenantAnswer>("GET", path);
        terminal.out(printList(all, tenant.time_zone));
      }),
    );

  remote(invoice.command("make"))
    .description("make the invoice of a billing period now; the same period again shows the same invoice")
    .requiredOption("--tenant <tenant_id>", "whose")
    .requiredOption("--period-start <instant>", "RFC 3339, such as 2026-01-01T00:00:00Z")
    .requiredOption("--period-end <instant>", "RFC 3339; the period ends before it")
    .option("--json", "the answer as JSON")
    .action(
      run(async (options: Remote & { tenant: string; periodStart: string; periodEnd: string }) => {
        const engine = api(options);
        const made = await engine.request<InvoiceAnswer>("POST", `/v1/tenants/${encodeURIComponent(options.tenant)}/invoices`, {
          period_start: options.periodStart,
          period_end: options.periodEnd,
        });
        await show(engine, terminal, made, options.json ?? false);
      }),
    );
}

async function* each<T>(engine: Api, path: string, filter = ""): AsyncGenerator<T> {
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page: Page<T> = await engine.request("GET", `${path}?limit=100&cursor=${encodeURIComponent(cursor)}${filter}`);
    yield* page.items;
    cursor = page.next_cursor;
  }
}

// The API finds an invoice by its id; a number is looked for, tenant by tenant where none is named.
async function findByNumber(engine: Api, number: string, tenantId: string | null): Promise<InvoiceAnswer> {
  const tenants = tenantId === null ? each<TenantAnswer>(engine, "/v1/tenants") : [{ tenant_id: tenantId }];
  for await (const { tenant_id: id } of tenants) {
    for await (const one of each<InvoiceAnswer>(engine, `/v1/tenants/${encodeURIComponent(id)}/invoices`)) {
      if (one.number === number) return one;
    }
  }
  throw new CommandError(`There is no invoice ${number}${tenantId === null ? "" : ` of ${tenantId}`}.`);
}

async function show(engine: Api, terminal: Terminal, invoice: InvoiceAnswer, json: boolean): Promise<void> {
  if (json) return terminal.out(`${JSON.stringify(invoice, null, 2)}\n`);
  const tenant = await engine.request<TenantAnswer>("GET", `/v1/tenants/${encodeURIComponent(invoice.tenant_id)}`);
  const party = {
    name: tenant.name ?? tenant.tenant_id,
    plan: await planName(engine, invoice.lines[0]?.plan ?? null),
    timeZone: tenant.time_zone,
  };
  const credited = BigInt(invoice.amount_credited) > 0n;
  const notes = credited ? (await engine.request<Page<NoteAnswer>>("GET", `/v1/invoices/${invoice.id}/credit-notes`)).items : [];
  terminal.out(printInvoice(invoice, party, terminal.columns, notes));
}

// A plan that was sold may be archived since.
async function planName(engine: Api, key: string | null): Promise<string> {
  if (key === null) return "no plan";
  try {
    return (await engine.request<{ name: string }>("GET", `/v1/plans/${encodeURIComponent(key)}`)).name;
  } catch (error) {
    if (error instanceof ApiError && error.code === "plan_not_found") return key;
    throw error;
  }
}

function printList(invoices: readonly InvoiceAnswer[], timeZone: string): string {
  if (invoices.length === 0) return "There is no invoice yet.\n";
  const rows = invoices.map((one) => [
    one.number,
    one.id,
    localDate(one.period_start, timeZone, true),
    one.reason,
    inMajor(one.total, one.currency),
    inMajor(one.amount_due, one.currency),
    one.currency.toUpperCase(),
    one.status,
  ]);
  const lines = table(["number", "id", "period from", "reason", "total", "due", "", "state"], rows).trimEnd().split("\n");
  return lines
    .map((line, index) => (index < 2 ? line : line.replace(/(\S+)$/, (status) => statusWords(status))))
    .join("\n")
    .concat("\n");
}
