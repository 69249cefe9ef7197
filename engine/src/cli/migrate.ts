/** `billwright migrate`: brings the database up to date, as every start does; for deployments that want it done beforehand. */
import type { Command } from "commander";
import { readConfig } from "../config.ts";
import { attachEmbedded, startEmbedded } from "../db/embedded.ts";
import { migrate } from "../db/migrate.ts";
import { openPool } from "../db/pool.ts";
import { orSayWhy } from "./failure.ts";
import type { Terminal } from "./terminal.ts";

export function migrateCommand(program: Command, terminal: Terminal): void {
  program
    .command("migrate")
    .description("bring the database up to date")
    .action(() => orSayWhy(terminal, () => run(terminal)));
}

async function run(terminal: Terminal): Promise<void> {
  const { databaseUrl, dataDir } = readConfig(terminal.env);
  const embedded = databaseUrl === null ? ((await attachEmbedded(dataDir)) ?? (await startEmbedded({ dataDir }))) : null;
  try {
    const url = databaseUrl ?? embedded!.url;
    const pool = openPool(url, 2, () => undefined);
    try {
      const ran = await migrate(pool, url);
      for (const name of ran) terminal.out(`Ran ${name}\n`);
      terminal.out(ran.length === 0 ? "The database is up to date.\n" : `The database is up to date (${ran.length} migrations ran).\n`);
    } finally {
      await pool.end();
    }
  } finally {
    await embedded?.stop();
  }
}
