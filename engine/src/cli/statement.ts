/** `billwright statement`: reads a bank's statement in, and shows what its rows may pay. */
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { inMajor } from "../billing/money/written.ts";
import { decodeStatement } from "../billing/payments/bank-file.ts";
import { Refusal } from "../errors.ts";
import type { Shell } from "./program.ts";
import { table } from "./table.ts";
import { CommandError } from "./terminal.ts";

interface Remote {
  url?: string;
  key?: string;
  json?: boolean;
}
interface Statement {
  id: string;
  rows: number;
  credits: number;
  known: number;
}
interface Row {
  row: number;
  date: string;
  currency: string;
  amount: number;
  description: string;
  matches: { number: string; tenant: string; confidence: string; why: string[] }[];
}

export function statementCommands(program: Command, { terminal, api, remote, run }: Shell): void {
  const statement = program.command("statement").description("statements of a bank");

  remote(statement.command("import").argument("<file>", "CSV, as the bank writes it"))
    .description("read a bank's statement in: each row that brought money, and the invoice that it may pay")
    .option("--currency <code>", "of the account, where the file does not say it")
    .option("--name <name>", "of the statement, for people; the file's if not said")
    .option("--json", "the answers as JSON")
    .action(
      run(async (file: string, options: Remote & { currency?: string; name?: string }) => {
        const engine = api(options);
        const body = {
          csv: await readText(file),
          name: options.name ?? file.split(/[/\\]/).at(-1)!.slice(0, 200),
          ...(options.currency === undefined ? {} : { mapping: { currency: options.currency } }),
        };
        const made = await engine.request<Statement>("POST", "/v1/bank-statements", body);
        const rows: Row[] = [];
        for (let cursor: string | null = ""; cursor !== null; ) {
          const page: { items: Row[]; next_cursor: string | null } = await engine.request(
            "GET",
            `/v1/bank-statements/${made.id}?limit=100&status=open${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
          );
          rows.push(...page.items);
          cursor = page.next_cursor;
        }
        if (options.json) return terminal.out(`${JSON.stringify({ ...made, items: rows }, null, 2)}\n`);
        terminal.out(`${made.id}: ${made.credits} of ${made.rows} rows brought money, ${made.known} of them known before.\n`);
        if (rows.length > 0) terminal.out(printRows(rows));
      }),
    );
}

function printRows(rows: readonly Row[]): string {
  return table(
    ["row", "day", "amount", "text", "may pay", "why"],
    rows.map(({ row, date, currency, amount, description, matches: [best] }) => [
      row,
      date,
      `${inMajor(amount, currency)} ${currency.toUpperCase()}`,
      description.replace(/\s+/g, " ").slice(0, 48),
      best ? `${best.number} of ${best.tenant}` : "",
      best ? `${best.confidence}: ${best.why.join(", ").replaceAll("_", " ")}` : "",
    ]),
  );
}

async function readText(file: string): Promise<string> {
  try {
    return decodeStatement(await readFile(file));
  } catch (error) {
    if (error instanceof Refusal) throw new CommandError(`${file}: ${error.message}.`);
    throw new CommandError(`${file} cannot be read: ${(error as Error).message}.`);
  }
}
