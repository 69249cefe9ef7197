/** `billwright migrate`: brings the database up to date, as every start does; for deployments that want it done beforehand. */
import type { Command } from "commander";
import { readConfig } from "../config.ts";
import { migrate } from "../db/migrate.ts";
import { orSayWhy } from "./failure.ts";
import type { Terminal } from "./terminal.ts";
import { withDatabase } from "./with-database.ts";

export function migrateCommand(program: Command, terminal: Terminal): void {
  program
    .command("migrate")
    .description("bring the database up to date")
    .action(() => orSayWhy(terminal, () => run(terminal)));
}

async function run(terminal: Terminal): Promise<void> {
  const ran = await withDatabase(readConfig(terminal.env), { create: true }, (_, url) => migrate(url));
  for (const name of ran) terminal.out(`Ran ${name}\n`);
  terminal.out(ran.length === 0 ? "The database is up to date.\n" : `The database is up to date (${ran.length} migrations ran).\n`);
}
