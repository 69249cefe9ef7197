/** `billwright stripe sync`: products, prices and meters at Stripe for what the catalog sells; what it would make is shown first. */
import { confirm, isCancel } from "@clack/prompts";
import type { Command } from "commander";
import { createCatalogCache } from "../billing/catalog/catalog-cache.ts";
import { systemClock } from "../clock.ts";
import { readConfig } from "../config.ts";
import { onPlatform } from "../db/pool.ts";
import { stripeClient } from "../gateways/stripe/client.ts";
import { planSync, type SyncChange } from "../processors/stripe/sync-catalog.ts";
import { orSayWhy } from "./failure.ts";
import { table } from "./table.ts";
import { CommandError, type Terminal } from "./terminal.ts";
import { withDatabase } from "./with-database.ts";

interface Options {
  dryRun?: boolean;
  yes?: boolean;
  json?: boolean;
}

export function stripeCommand(program: Command, terminal: Terminal): void {
  program
    .command("stripe")
    .description("the catalog at Stripe")
    .command("sync")
    .description("make the products, prices and meters that Stripe lacks of what the catalog sells; asks first")
    .option("--dry-run", "show what it would make, and make nothing; exit code 1 where something is missing")
    .option("-y, --yes", "do not ask")
    .option("--json", "the changes as JSON")
    .action((options: Options) => orSayWhy(terminal, () => run(terminal, options)));
}

async function run(terminal: Terminal, options: Options): Promise<void> {
  const config = readConfig(terminal.env);
  if (!config.stripe) throw new CommandError("Set STRIPE_SECRET_KEY: without it there is no Stripe to bring the catalog to.");
  const client = stripeClient(config.stripe);
  await withDatabase(config, { create: false }, async (pool) => {
    const catalog = await createCatalogCache(pool, { defaultTrialDays: config.defaultTrialDays }).current();
    const plan = await planSync(client, catalog, config.stripeMeters);
    const missing = plan.changes.filter((change) => change.action === "create").length;
    terminal.out(options.json ? `${JSON.stringify({ changes: plan.changes }, null, 2)}\n` : printSync(plan.changes));
    if (options.dryRun) {
      if (missing > 0) terminal.fail();
      return;
    }
    if (missing > 0 && !options.yes) {
      if (!terminal.interactive) throw new CommandError("Nothing was made: say --yes, or run it where it can ask.");
      const answer = await confirm({ message: `Make this at Stripe (${config.stripe!.secretKey.slice(0, 8)}…)?` });
      if (isCancel(answer) || !answer) throw new CommandError("Nothing was made.");
    }
    await plan.apply(onPlatform(pool), systemClock.now());
    if (!options.json) terminal.out(missing > 0 ? `Made ${missing}.\n` : "Nothing was missing.\n");
  });
}

const SIGNS = { create: "+", none: " ", unsupported: "!" } as const;

export function printSync(changes: readonly SyncChange[]): string {
  const shown = changes.filter((change) => change.action !== "none");
  const same = changes.length - shown.length;
  const rows = shown.map(({ kind, key, action, words }) => [SIGNS[action], kind, key, words]);
  return `${rows.length === 0 ? "" : table(null, rows)}${same} are there already.\n`;
}
