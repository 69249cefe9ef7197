/** `billwright serve`: the engine alone. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { createKey } from "../auth/create-key.ts";
import { ENGINE } from "../auth/principal.ts";
import { listKeys } from "../auth/store.ts";
import { commit } from "../commit.ts";
import { type Config, type Role, readConfig } from "../config.ts";
import type { Context } from "../context.ts";
import { isEngineRunning } from "../db/embedded/lock.ts";
import { onPool } from "../db/pool.ts";
import { type Billwright, createBillwright } from "../engine.ts";
import { healthServer } from "../http/health.ts";
import { orSayWhy } from "./failure.ts";
import { checkPort, portProblem } from "./port.ts";
import { databaseLost, listenForStop } from "./stop-signal.ts";
import type { Terminal } from "./terminal.ts";

export interface Place {
  port?: number;
  host?: string;
}

export function serveCommand(program: Command, terminal: Terminal): void {
  withPlace(program.command("serve"))
    .description("serve the API, run the jobs, or both")
    .addOption(new Option("--role <role>", "what this process does").choices(["all", "api", "worker"]).default("all"))
    .action((options: Place & { role: Role }) => orSayWhy(terminal, () => serve(terminal, options)));
}

/** Adds `--port` and `--host`, which come before PORT and HOST. */
export function withPlace(command: Command): Command {
  return command
    .option("--port <port>", "port of the API (PORT, else 4400)", portOf)
    .option("--host <host>", "address to listen on (HOST, else 127.0.0.1)");
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError("It must be a whole number from 0 to 65535.");
  return port;
}

async function serve(terminal: Terminal, { role, ...place }: Place & { role: Role }): Promise<void> {
  const stop = listenForStop();
  const config = readConfig(terminal.env, { ...place, role });
  if (role !== "worker") await checkBefore(config);
  const billing = await createBillwright({ config, worker: role !== "api", onDatabaseLost: databaseLost(stop) });
  try {
    const { key, address } = role === "worker" ? { key: null, address: await showHealth(billing) } : await open(billing);
    if (key !== null) terminal.out(`There was no API key, so one was made, with scope admin. It is shown this once: ${key}\n`);
    const where =
      role !== "worker" ? `serves ${address}` : `works on the jobs${address === null ? "" : ` and tells how it is at ${address}`}`;
    const database = config.databaseUrl === null ? `the built-in PostgreSQL in ${config.dataDir}` : "its PostgreSQL";
    terminal.out(`Billwright ${where} (role ${role}, ${config.mode}) on ${database}.\n`);
    await stop.wait();
    await billing.drain();
  } finally {
    await billing.close();
  }
}

/** What can be refused at once is, unless an engine runs on the same folder: then that is the better thing to say, and it follows. */
export async function checkBefore(config: Config): Promise<void> {
  if (config.databaseUrl !== null || !holdsEngine(config.dataDir)) await checkPort(config);
}

// What is wrong with the folder itself is told when it is opened.
function holdsEngine(dataDir: string): boolean {
  try {
    return isEngineRunning(dataDir);
  } catch {
    return true;
  }
}

export async function listen({ ctx, listen: start }: Billwright): Promise<string> {
  try {
    return await start();
  } catch (error) {
    throw portProblem(error as Error, ctx.config);
  }
}

/** A worker has no API; whoever watches it asks here. */
async function showHealth({ ctx, atEnd }: Billwright): Promise<string | null> {
  if (ctx.config.healthPort === 0) return null;
  const app = healthServer(ctx);
  const address = await app.listen({ host: ctx.config.host, port: ctx.config.healthPort });
  atEnd(() => app.close());
  return address;
}

async function open(billing: Billwright): Promise<{ key: string | null; address: string }> {
  const key = await firstKey(billing.ctx);
  return { key, address: await listen(billing) };
}

// A fresh engine without any key could be asked nothing.
async function firstKey(ctx: Context): Promise<string | null> {
  if ((await listKeys(onPool(ctx.pool), null, 1)).length > 0) return null;
  const made = await commit(ctx, { principal: ENGINE }, (tx) =>
    createKey(tx, { name: "First key", scopes: ["admin"], tenantId: null, expiresAt: null }),
  );
  return made.secret;
}
