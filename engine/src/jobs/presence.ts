/**
 * Says that this worker lives, by a lock that its connection holds, and frees the jobs of those that do not: the library itself waits four
 * hours for a worker that was killed. Who lost its connection and lives may see a job run a second time, which jobs allow.
 */
import pg from "pg";
import { sleep } from "../clock.ts";

// Any constant will do; with the hash of a worker's name it is that worker's lock.
const LOCK = 4_400_003;
const LOOK_MS = 5_000;
/** A worker takes its first job a moment before its lock can be seen. */
const YOUNG_SECONDS = 10;

export interface Presence {
  end(): Promise<void>;
}

export function startPresence(connectionString: string, worker: () => string | null, onFreed: (workers: string[]) => void): Presence {
  let ended = false;
  let client: pg.Client | null = null;

  async function connect(): Promise<pg.Client> {
    const fresh = new pg.Client({ connectionString, application_name: "billwright presence", keepAlive: true });
    fresh.on("error", () => undefined);
    await fresh.connect();
    return fresh;
  }

  async function look(): Promise<void> {
    const name = worker();
    if (name === null) return;
    if (client === null) {
      client = await connect();
      await client.query("select pg_advisory_lock_shared($1, hashtext($2))", [LOCK, name]);
      // After a restart of the server the others are on their way back, too.
      return;
    }
    const { rows } = await client.query<{ worker: string }>(FREE, [LOCK, YOUNG_SECONDS, name]);
    if (rows.length > 0) onFreed(rows.map((row) => row.worker));
  }

  const loop = (async () => {
    while (!ended) {
      await look().catch(async () => {
        const lost = client;
        client = null;
        await lost?.end().catch(() => undefined);
      });
      for (let waited = 0; waited < LOOK_MS && !ended; waited += 250) await sleep(250);
    }
    await (client as pg.Client | null)?.end().catch(() => undefined);
  })();
  return {
    end: async () => {
      ended = true;
      await loop;
    },
  };
}

// A lock that can be taken is nobody's; given back with the statement.
const FREE = `
with holders as materialized (
  select distinct locked_by as worker from graphile_worker._private_jobs
  where locked_by is not null and locked_by <> $3 and locked_at < now() - make_interval(secs => $2)),
dead as materialized (select worker from holders where pg_try_advisory_xact_lock($1, hashtext(worker)))
select worker, graphile_worker.force_unlock_workers(array[worker])::text from dead`;
