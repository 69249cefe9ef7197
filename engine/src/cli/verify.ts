/** `billwright verify`: proves the books, on the database itself. Changes nothing. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { readConfig } from "../config.ts";
import { orSayWhy } from "./failure.ts";
import { Progress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";
import { type Scope, verifyBooks } from "./verify/books.ts";
import { printReport } from "./verify/report.ts";
import { withDatabase } from "./with-database.ts";

interface Options {
  tenant?: string;
  usage: Scope["usage"];
  limit: number;
  json?: boolean;
}

export function verifyCommand(program: Command, terminal: Terminal): void {
  program
    .command("verify")
    .description("prove the books: invoices, lines, numbers, payments, balances, credits, usage; exit code 1 if anything is wrong")
    .option("--tenant <tenant_id>", "one tenant's alone, and all of its usage; numbers are left out, for they run through all tenants")
    .addOption(
      new Option("--usage <extent>", "how much of the usage is counted again, by meter and hour")
        .choices(["sample", "all", "none"])
        .default("sample"),
    )
    .option("--limit <n>", "how many wrong things are named for each check", limitOf, 20)
    .option("--json", "the report as JSON")
    .action((options: Options) => orSayWhy(terminal, () => run(terminal, options)));
}

function limitOf(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError("It must be a whole number from 1 to 999999.");
  return Number(text);
}

async function run(terminal: Terminal, { tenant, json, ...options }: Options): Promise<void> {
  const scope: Scope = { tenantId: tenant ?? null, usage: options.usage, limit: options.limit };
  if (scope.tenantId !== null && scope.usage === "sample") scope.usage = "all";
  const progress = new Progress({ ...terminal, out: terminal.err }, terminal.interactive);
  const verdicts = await withDatabase(readConfig(terminal.env), { create: false }, (pool) =>
    verifyBooks(pool, scope, (done, all, next) => progress.share(done / all, next.says)),
  ).finally(() => progress.end());
  const ok = verdicts.every(({ wrong }) => wrong === 0);
  terminal.out(
    json ? `${JSON.stringify({ ok, tenant_id: scope.tenantId, usage: scope.usage, checks: verdicts }, null, 2)}\n` : printReport(verdicts),
  );
  if (!ok) terminal.fail();
}
