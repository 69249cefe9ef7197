/** `billwright simulate`: lives through months of business in the real code, prints them, and proves the books. */
import { chmod, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { createKey } from "../auth/create-key.ts";
import { ENGINE } from "../auth/principal.ts";
import { stopwatch } from "../clock.ts";
import { commit } from "../commit.ts";
import { type Config, readConfig } from "../config.ts";
import type { Context } from "../context.ts";
import { removeEmbedded, startEmbedded } from "../db/embedded.ts";
import { onPool } from "../db/pool.ts";
import { createBillwright } from "../engine.ts";
import { type Api, apiOf } from "../simulation/year/api.ts";
import { readCurrencies } from "../simulation/year/books.ts";
import catalog, { SELLER } from "../simulation/year/catalog.ts";
import { digestBooks } from "../simulation/year/digest.ts";
import { beginYear, liveYear } from "../simulation/year/live.ts";
import { orSayWhy } from "./failure.ts";
import { Progress } from "./progress.ts";
import { printYear, type Year, yearJson } from "./simulate-report.ts";
import { databaseLost, listenForStop, type StopSignal } from "./stop-signal.ts";
import { CommandError, type Terminal } from "./terminal.ts";
import { verifyBooks } from "./verify/books.ts";

interface Options {
  months: number;
  tenants: number;
  seed: number;
  database?: string;
  folder?: string;
  besideOthers?: boolean;
  json?: boolean;
}

export function simulateCommand(program: Command, terminal: Terminal): void {
  program
    .command("simulate")
    .description("live through a year of business with test tenants, print it, and prove the books; exit code 1 if they are wrong")
    .option("--months <n>", "how many months", wholeBetween(1, 60), 12)
    .option("--tenants <n>", "how many tenants, most of whom come through the year", wholeBetween(1, 20_000), 500)
    .option("--seed <n>", "the same seed is the same year, to the minor unit", wholeBetween(0, 999_999_999), 7)
    .option("--database <url>", "a PostgreSQL to live it in (DATABASE_URL); else a built-in one that is thrown away afterwards")
    .option("--folder <path>", "keep the built-in one, in this folder")
    .option("--beside-others", "also where there are tenants of somebody else; its catalog is added to theirs")
    .option("--json", "the year as JSON")
    .action((options: Options) => orSayWhy(terminal, () => simulate(terminal, options)));
}

function wholeBetween(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d{1,9}$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    return value;
  };
}

async function simulate(terminal: Terminal, options: Options): Promise<void> {
  const set = readConfig(terminal.env);
  if (set.mode === "live")
    throw new CommandError("`simulate` moves clocks and makes test tenants, so it is for the sandbox. Leave out BILLWRIGHT_MODE.");
  const stop = listenForStop();
  const progress = new Progress({ ...terminal, out: terminal.err }, terminal.interactive);
  const time = stopwatch();
  const year = await inDatabase(set, options, progress, stop, (ctx, api) => run(ctx, api, options, progress, stop)).finally(() =>
    progress.end(),
  );
  if (year === null) return terminal.err("Stopped before the end.\n");
  terminal.out(options.json ? yearJson(year) : printYear(year, time()));
  if (!year.ok) terminal.fail();
}

async function run(ctx: Context, api: Api, options: Options, progress: Progress, stop: StopSignal): Promise<Year | null> {
  const { seed, tenants, months } = options;
  await checkEmpty(ctx, options);
  progress.stage(`${tenants.toLocaleString("en")} tenants, ${months} months, seed ${seed}`);
  const clockId = await beginYear(api, { seed, tenants, months, catalog: await catalogBeside(api) });
  const lived = await liveYear(
    ctx,
    api,
    { seed, tenants, months, clockId },
    {
      onDay: (at, share, events) => progress.usage(at, share, events),
      stopped: () => stop.asked(),
    },
  );
  if (lived === null) return null;
  const verdicts = await verifyBooks(ctx.pool, { tenantId: null, usage: "all", limit: 20 }, (done, all, next) =>
    progress.share(done / all, next.says),
  );
  return {
    seed,
    tenants,
    ...lived,
    currencies: await readCurrencies(ctx, clockId),
    digest: await digestBooks(ctx, clockId),
    verdicts,
    ok: verdicts.every(({ wrong }) => wrong === 0),
  };
}

/** The business rules are those of a fresh installation, whatever is set here, so that a seed is the same year on every machine. */
async function inDatabase<T>(
  set: Config,
  options: Options,
  progress: Progress,
  stop: StopSignal,
  work: (ctx: Context, api: Api) => Promise<T>,
): Promise<T> {
  const given = options.database ?? (options.folder === undefined ? set.databaseUrl : null);
  const folder = given === null ? (options.folder ?? (await throwawayFolder())) : null;
  const thrown = folder !== null && options.folder === undefined;
  const server =
    folder === null
      ? null
      : await startEmbedded({ dataDir: folder, durable: !thrown, onProgress: (text) => progress.stage(text), onExit: databaseLost(stop) });
  try {
    const billing = await createBillwright({
      database: given ?? server!.url,
      worker: false,
      config: { ...readConfig({}), dataDir: set.dataDir, databasePoolSize: set.databasePoolSize, logLevel: "error", seller: SELLER },
    });
    try {
      const key = await commit(billing.ctx, { principal: ENGINE }, (tx) =>
        createKey(tx, { name: "Simulation", scopes: ["admin"], tenantId: null, expiresAt: null }),
      );
      return await work(billing.ctx, apiOf(billing.app, key.secret));
    } finally {
      await billing.close();
    }
  } finally {
    await server?.stop();
    if (thrown) await removeEmbedded(folder);
  }
}

async function throwawayFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "billwright-year-"));
  await chmod(folder, 0o755); // as root, PostgreSQL's own user must get in
  return folder;
}

/** Somebody else's books are not to be mixed with invented ones, and one seed is lived once. */
async function checkEmpty(ctx: Context, { seed, besideOthers }: Options): Promise<void> {
  const db = onPool(ctx.pool);
  const [own] = await db.query("select id from tenants where id like $1 /* tenant_id */ limit 1", [`sim${seed}-%`]);
  if (own) throw new CommandError(`This database holds a simulated year of seed ${seed} already. Use an empty one, or another --seed.`);
  const [other] = await db.query<{ id: string }>("/* all tenants: whether there is one */ select id from tenants order by no limit 1");
  if (other && !besideOthers)
    throw new CommandError(
      `This database holds tenants already (${other.id} and maybe more). Use an empty one, or say --beside-others to add invented ones to them.`,
    );
}

// What is declared already stays; what has the same key must be the same thing.
async function catalogBeside(api: Api): Promise<unknown> {
  const theirs = (await api("GET", "/v1/catalog")) as Record<string, { key: string; default?: boolean }[]>;
  const merged: Record<string, unknown[]> = { ...theirs };
  for (const [kind, items] of Object.entries(catalog) as [string, { key: string; default?: boolean }[]][]) {
    const known = theirs[kind] ?? [];
    const keys = new Set(known.map((item) => item.key));
    const taken = items.find((item) => keys.has(item.key) && known.length > 0 && !isOurs(theirs));
    if (taken)
      throw new CommandError(`The catalog here has a ${JSON.stringify(taken.key)} among its ${kind} already. Use an empty database.`);
    const hasDefault = known.some((item) => item.default);
    merged[kind] = [
      ...known,
      ...items.filter((item) => !keys.has(item.key)).map((item) => (hasDefault ? { ...item, default: false } : item)),
    ];
  }
  return merged;
}

// An earlier year declared it.
function isOurs(theirs: Record<string, { key: string }[]>): boolean {
  const keys = new Set((theirs.plans ?? []).map((plan) => plan.key));
  return (catalog.plans ?? []).every((plan) => keys.has(plan.key));
}
