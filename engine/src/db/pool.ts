/** The connection pool, and how SQL values become TypeScript values. */
import pg from "pg";
import { parseLossless } from "../lossless.ts";
import { confinement, PLATFORM } from "./scope.ts";

export type Pool = pg.Pool;
export type Connection = pg.PoolClient;

const { builtins } = pg.types;
const types = new pg.TypeOverrides();
// Instants are epoch milliseconds in code; what is finer than that (an event's `at`) is selected as text by its store.
types.setTypeParser(builtins.TIMESTAMPTZ, (text) => Date.parse(text.length > 10 ? isoOf(text) : text));
types.setTypeParser(builtins.INT8, (text) => BigInt(text));
types.setTypeParser(builtins.DATE, (text) => text);
types.setTypeParser(builtins.JSONB, parseLossless);
types.setTypeParser(builtins.JSON, parseLossless);

// "2024-03-01 00:00:00.123456+00" → ISO, cut (never rounded) to milliseconds. Sessions run in UTC.
function isoOf(text: string): string {
  const [date, clock] = text.split(" ") as [string, string];
  const [time] = clock.split("+") as [string];
  return `${date}T${time.slice(0, 12)}Z`;
}

/** The role that the engine works as: it owns nothing, so that policies hold for it. */
export const APP_ROLE = "billwright_app";

/** Connections that are not ours from one transaction to the next: no statement may be left on them under a name. */
const pooled = new WeakSet<object>();

/**
 * `owner`: as the user of the URL, to migrate, prove and repair. `pooler`: as the engine, through a pooler in transaction mode, which makes
 * the connections and says itself as whom they are.
 */
export function openPool(url: string, size: number, onError: (error: Error) => void, as: "app" | "owner" | "pooler" = "app"): Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: size,
    types,
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: 10_000,
    application_name: "billwright",
    // A pooler knows no such options: it would refuse them, or pass over them in silence.
    ...(as === "pooler"
      ? {}
      : { options: `-c timezone=UTC -c datestyle=ISO${as === "app" ? ` -c role=${APP_ROLE} -c billwright.tenant=${PLATFORM}` : ""}` }),
  });
  if (as === "pooler") {
    pooled.add(pool);
    pool.on("connect", (client) => pooled.add(client));
  }
  // Without a listener, a restart of the server kills the process.
  pool.on("error", onError);
  // The pool listens to idle connections only: one that is lost in the middle of a transaction would kill the process too. Its next statement fails.
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
}

/** SQL that can be run: a pool, a connection or a transaction. Values come back as `types` above says. */
export interface Database {
  query<R extends object>(text: string, values?: unknown[]): Promise<R[]>;
}

const names = new Map<string, string>();

/** Runs a statement under a name, so that each connection parses and plans it once (2.6 times as fast as plain). */
export async function run<R extends object>(on: Pool | Connection, text: string, values: unknown[] = []): Promise<R[]> {
  if (pooled.has(on)) return (await on.query<R & pg.QueryResultRow>({ text, values })).rows;
  let name = names.get(text);
  if (name === undefined) {
    name = `bw${names.size}`;
    names.set(text, name);
  }
  const result = await on.query<R & pg.QueryResultRow>({ name, text, values });
  return result.rows;
}

/** A pool as a database. What is confined to a tenant asks in a transaction of its own, which alone can say so and be sure to forget it. */
export function onPool(pool: Pool): Database {
  return {
    query: <R extends object>(text: string, values?: unknown[]) => {
      const tenantId = confinement();
      return tenantId === null ? run<R>(pool, text, values) : runConfined<R>(pool, tenantId, text, values);
    },
  };
}

/** A pool as a database for what serves several callers at once, whoever of them set it off. */
export function onPlatform(pool: Pool): Database {
  return { query: (text, values) => run(pool, text, values) };
}

async function runConfined<R extends object>(pool: Pool, tenantId: string, text: string, values?: unknown[]): Promise<R[]> {
  const connection = await pool.connect();
  let broken: Error | undefined;
  try {
    await connection.query("begin");
    await confine(connection, tenantId);
    const rows = await run<R>(connection, text, values);
    await connection.query("commit");
    return rows;
  } catch (error) {
    await connection.query("rollback").catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    connection.release(broken);
  }
}

/** Until the end of the transaction. */
export async function confine(connection: Connection, tenantId: string): Promise<void> {
  await run(connection, "select set_config('billwright.tenant', $1, true)", [tenantId]);
}
