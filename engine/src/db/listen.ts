/** Hears what other processes NOTIFY, on a connection of its own that is made again when it is lost. */
import pg from "pg";
import { sleep } from "../clock.ts";

export interface Hearing {
  /** From now on nothing is missed; what was said before may have been. */
  up(): void;
  /** Until `up`, something may be missed. */
  down(): void;
  notice(channel: string, payload: string): void;
}

export interface Listener {
  close(): Promise<void>;
}

const PROBE_EVERY_MS = 1_000;
const PROBE_TIMEOUT_MS = 2_000;
const RETRY_MS = 250;

/** Resolves after the first attempt, which may fail. `channels` are written by us, never by a caller. */
export async function listen(url: string, channels: readonly string[], hearing: Hearing): Promise<Listener> {
  let closed = false;
  let client: pg.Client | null = null;

  async function connect(): Promise<void> {
    const fresh = new pg.Client({ connectionString: url, application_name: "billwright signals", keepAlive: true });
    let lost = false;
    const lose = () => {
      if (lost) return;
      lost = true;
      if (client === fresh) client = null;
      hearing.down();
      void fresh.end().catch(() => undefined);
      if (!closed) void again();
    };
    fresh.on("error", lose);
    fresh.on("end", lose);
    fresh.on("notification", ({ channel, payload }) => hearing.notice(channel, payload ?? ""));
    try {
      await fresh.connect();
      for (const channel of channels) await fresh.query(`listen ${channel}`);
    } catch {
      lose();
      return;
    }
    if (lost || closed) return lose();
    client = fresh;
    hearing.up();
    void probe(fresh, lose);
  }

  // A connection that died without a word would look like silence.
  async function probe(on: pg.Client, lose: () => void): Promise<void> {
    while (client === on && !closed) {
      await sleep(PROBE_EVERY_MS);
      if (client !== on || closed) return;
      const answered = await Promise.race([
        on.query("select 1 as up").then(
          () => true,
          () => false,
        ),
        sleep(PROBE_TIMEOUT_MS).then(() => false),
      ]);
      if (!answered) lose();
    }
  }

  async function again(): Promise<void> {
    await sleep(RETRY_MS);
    if (!closed && client === null) await connect();
  }

  await connect();
  return {
    close: async () => {
      closed = true;
      const last = client;
      client = null;
      await last?.end().catch(() => undefined);
    },
  };
}
