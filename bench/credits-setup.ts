/** What the benchmarks of credits share: wallets that hold enough, and the way they are compared with. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Pool } from "../engine/src/db/pool.ts";
import { sql } from "./ingest-setup.ts";
import { httpRequest, send } from "./load.ts";

const API_KEY = "bench_key_of_the_credits";

export const WALLETS = 1_000;

export interface Consumer {
  /** Consumes one credit of a wallet under a key; resolves once it is durable. */
  consume(wallet: number, key: string): Promise<void>;
}

/** The plain way's own tables: a balance and a list of what was taken, with the key that makes a retry safe. */
export async function setUpNaive(database: string): Promise<void> {
  await sql(database, "create table naive_wallets (tenant_id text primary key, balance numeric not null check (balance >= 0))");
  await sql(
    database,
    `create table naive_ledger (id bigint generated always as identity primary key, tenant_id text not null, amount numeric not null, balance_after numeric not null,
       idempotency_key text not null, at timestamptz not null default now(), unique (tenant_id, idempotency_key))`,
  );
  await sql(database, `insert into naive_wallets select 'bench_' || i, 1000000000 from generate_series(0, ${WALLETS - 1}) i`);
}

/** A transaction a request that locks the row, updates and inserts: named statements, each connection of the pool in use. */
export function naiveConsumer(pool: Pool): Consumer {
  return {
    consume: async (wallet, key) => {
      const tenant = `bench_${wallet}`;
      const connection = await pool.connect();
      try {
        await connection.query("begin");
        const { rows } = await connection.query({
          name: "naive lock",
          text: "select balance from naive_wallets where tenant_id = $1 for update",
          values: [tenant],
        });
        if (rows.length === 0) throw new Error(`no wallet ${tenant}`);
        const { rows: after } = await connection.query({
          name: "naive update",
          text: "update naive_wallets set balance = balance - 1 where tenant_id = $1 returning balance",
          values: [tenant],
        });
        await connection.query({
          name: "naive insert",
          text: "insert into naive_ledger (tenant_id, amount, balance_after, idempotency_key) values ($1, -1, $2, $3)",
          values: [tenant, after[0].balance, key],
        });
        await connection.query("commit");
      } catch (error) {
        await connection.query("rollback");
        throw error;
      } finally {
        connection.release();
      }
    },
  };
}

/** Keeps so many requests in flight until so many were answered; requests a second. */
export async function rateOf(consumer: Consumer, options: { requests: number; wallets: number; inFlight: number }): Promise<number> {
  const run = Math.random().toString(36).slice(2);
  const start = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: options.inFlight }, async () => {
      while (next < options.requests) {
        const place = next++;
        await consumer.consume(place % options.wallets, `${run}-${place}`);
      }
    }),
  );
  return (options.requests * 1_000) / (performance.now() - start);
}

/** The engine in a process of its own. */
export async function startServer(database: string): Promise<{ port: number; stop(): Promise<void> }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("./credits-server.ts", import.meta.url)), database, API_KEY], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface(child.stdout!), "line")) as [string];
  return {
    port: (JSON.parse(line) as { port: number }).port,
    stop: async () => {
      child.stdin!.end();
      await once(child, "exit");
    },
  };
}

/** `rateOf` over HTTP, on as many connections; `:wallet` in the path is the wallet, and so is the field of the plain way. */
export async function httpRate(port: number, path: string, asked: Parameters<typeof rateOf>[1]): Promise<number> {
  const run = Math.random().toString(36).slice(2);
  const headers = { authorization: `Bearer ${API_KEY}` };
  const requests = Array.from({ length: asked.requests }, (_, place) => {
    const wallet = place % asked.wallets;
    const body = path.includes(":wallet")
      ? `{"amount":1,"idempotency_key":"${run}-${place}"}`
      : `{"wallet":${wallet},"idempotency_key":"${run}-${place}"}`;
    return httpRequest(path.replace(":wallet", String(wallet)), body, headers);
  });
  const { seconds } = await send(port, requests, asked.inFlight, 200);
  return asked.requests / seconds;
}
