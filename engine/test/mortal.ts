/**
 * An engine's process that dies at a chosen point of its work: from there on nothing of it reaches the database, and what was not committed is
 * undone. The points are what makes a difference to whoever comes after: around each write that stands alone, and in each transaction
 * that writes after its first write, before its commit, and after the commit, before anybody heard of it.
 */
import type { Context } from "../src/context.ts";
import type { Connection, Pool } from "../src/db/pool.ts";

export class Died extends Error {
  override readonly name = "Died";
}

const WRITES = /^\s*(\/\*[\s\S]*?\*\/\s*)?(with\b[\s\S]*?\b)?(insert|update|delete|copy)\b/i;

export interface Life {
  died: boolean;
  /** How many points it came to. */
  points: number;
}

/** Works as a process that dies at its n-th point; null: lives on. What it threw but for that is thrown. */
export async function live(ctx: Context, dieAt: number | null, work: (ctx: Context) => Promise<unknown>): Promise<Life> {
  const life: Life = { died: false, points: 0 };
  try {
    await work({ ...ctx, pool: mortalPool(ctx.pool, life, dieAt) });
  } catch (error) {
    if (!life.died) throw error;
  }
  return life;
}

function mortalPool(pool: Pool, life: Life, dieAt: number | null): Pool {
  const point = () => {
    life.points += 1;
    if (life.points === dieAt) life.died = true;
    alive();
  };
  const alive = () => {
    if (life.died) throw new Died("the process is dead");
  };
  return Object.assign(Object.create(pool) as Pool, {
    async query(statement: Statement, values?: unknown[]) {
      alive();
      const writes = WRITES.test(textOf(statement));
      if (writes) point();
      const result = await pool.query(statement as string, values);
      if (writes) point();
      return result;
    },
    async connect() {
      alive();
      return mortalConnection(await pool.connect(), point, alive, () => life.died);
    },
  });
}

type Statement = string | { text: string } | { submit: unknown; text?: string };
const textOf = (statement: Statement) => (typeof statement === "string" ? statement : (statement.text ?? "copy"));

function mortalConnection(connection: Connection, point: () => void, alive: () => void, isDead: () => boolean): Connection {
  let wrote = false;
  const send = async (statement: Statement, values?: unknown[]) => {
    const text = textOf(statement);
    // The database does it for whoever is gone.
    if (text === "rollback") return connection.query(text);
    alive();
    if (text === "commit" && wrote) {
      point();
      const result = await connection.query(text);
      wrote = false;
      point();
      return result;
    }
    const result = await connection.query(statement as string, values);
    if (!wrote && WRITES.test(text)) {
      wrote = true;
      point();
    }
    return result;
  };
  return Object.assign(Object.create(connection) as Connection, {
    query(statement: Statement, values?: unknown[]) {
      if (typeof statement === "object" && "submit" in statement) {
        alive();
        // Rows that are streamed in: the stream itself is what is asked for.
        wrote = true;
        return connection.query(statement as never);
      }
      return send(statement, values);
    },
    release: (error?: Error) => connection.release(isDead() ? undefined : error),
  });
}
