/**
 * A write, or a reading, that lacks an answer from outside: it says so by throwing, nothing of it remains, what it lacks is fetched
 * while no transaction is open, and it begins anew. So no network is ever touched within one.
 */
import type { Instant } from "./billing/time/instant.ts";
import type { Context } from "./context.ts";

export class NeedsOutside extends Error {
  override readonly name = "NeedsOutside";
  /** Fetches and stores what is lacking; throws the refusal that the caller is told where it cannot be had. */
  readonly fetch: (ctx: Context) => Promise<void>;
  /** The instant of the write that lacked it: it begins anew at the same. */
  now: Instant | null = null;
  constructor(what: string, fetch: (ctx: Context) => Promise<void>) {
    super(`${what} must be fetched from outside first`);
    this.fetch = fetch;
  }
}

/** What was fetched may be taken by somebody else, or what is asked may have changed meanwhile. */
const ROUNDS = 6;

export async function withOutside<T>(ctx: Context, work: (now: Instant | null) => Promise<T>): Promise<T> {
  let now: Instant | null = null;
  for (let round = 1; ; round++) {
    try {
      return await work(now);
    } catch (error) {
      if (!(error instanceof NeedsOutside) || round === ROUNDS) throw error;
      now = error.now;
      await error.fetch(ctx);
    }
  }
}
