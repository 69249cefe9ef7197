/** Commands that ask the database itself: DATABASE_URL, else the built-in one, of a running engine or started for the command. */
import type { Config } from "../config.ts";
import { findPlace } from "../db/embedded/place.ts";
import { attachEmbedded, type Embedded, startEmbedded } from "../db/embedded.ts";
import { openPool, type Pool } from "../db/pool.ts";
import { CommandError } from "./terminal.ts";

/** `create: false`: a command that only reads makes no database where there is none. */
export async function withDatabase<T>(
  { databaseUrl, dataDir }: Pick<Config, "databaseUrl" | "dataDir">,
  options: { create: boolean },
  work: (pool: Pool, url: string) => Promise<T>,
): Promise<T> {
  let embedded: Embedded | null = null;
  if (databaseUrl === null) {
    embedded = await attachEmbedded(dataDir);
    if (embedded === null && !options.create && findPlace(dataDir) === null)
      throw new CommandError(
        `There is no database in ${dataDir}. Name another folder with BILLWRIGHT_DATA_DIR, or a PostgreSQL with DATABASE_URL.`,
      );
    embedded ??= await startEmbedded({ dataDir });
  }
  try {
    const url = databaseUrl ?? embedded!.url;
    const pool = openPool(url, 2, () => undefined, "owner");
    try {
      return await work(pool, url);
    } finally {
      await pool.end();
    }
  } finally {
    await embedded?.stop();
  }
}
