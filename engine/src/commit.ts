/**
 * The one write door. Edges (routes, jobs, inbound webhooks, the CLI) open it; an action inside it gets a `Tx`.
 *
 * In order: open the transaction, take the idempotency key, fix `now` by the tenant's clock, run the action, append its
 * events, run the reactions they wake, write the jobs, store the answer under the key, commit. Deadlocks and
 * serialization failures are retried here and nowhere else; so is a write that lacked an answer from outside, at its own `now`.
 */
import { createHash } from "node:crypto";
import type { Principal } from "./auth/principal.ts";
import type { Instant } from "./billing/time/instant.ts";
import { formatInstant } from "./billing/time/instant.ts";
import { sleep, stopwatch } from "./clock.ts";
import type { Context } from "./context.ts";
import { type CopyValue, copyInto } from "./db/copy.ts";
import { type Connection, confine, type Database, run } from "./db/pool.ts";
import { PLATFORM } from "./db/scope.ts";
import { Refusal, tenantNotFound } from "./errors.ts";
import { type AppendedEvent, appendEvents, stamp } from "./events/append.ts";
import type { Happening } from "./events/types.ts";
import { toJson } from "./http/json.ts";
import { type JobRequest, writeJobs } from "./jobs/queue.ts";
import { NeedsOutside, withOutside } from "./outside.ts";
import { REACTIONS } from "./reactions.ts";
import { inSpan } from "./telemetry/trace.ts";

export interface Tx extends Database {
  readonly ctx: Context;
  /** Many rows at once, by COPY. */
  copy(table: string, columns: readonly string[], rows: readonly (readonly CopyValue[])[]): Promise<void>;
  /** The one instant of this write, by the tenant's clock. */
  readonly now: Instant;
  readonly principal: Principal;
  /** Says what happened. The event is appended, and its reactions run, in this transaction. */
  emit(happening: Happening): void;
  /** Asks for work outside the transaction: written with it, run after it. */
  enqueue(job: JobRequest): void;
  /** Runs once the transaction is durable, in this process only: to drop what is cached here. */
  afterCommit(hook: () => void): void;
}

export interface Idempotency {
  /** Whose key it is: two callers may use the same text. */
  scope: string;
  key: string;
  /** Hash of method, path and body: the same key with another request is refused. */
  fingerprint: Buffer;
}

/** Where a change was asked for; with it the audit log has a row for each row that changes. */
export interface Origin {
  /** What was asked: `POST /v1/invoices/:id/void`. */
  action: string;
  requestId: string;
  ip: string;
  userAgent: string | null;
}

export interface CommitOptions {
  principal: Principal;
  /** Of a request by somebody; the engine's own doings are told by events and the books. */
  origin?: Origin | undefined;
  /**
   * Locks nothing; fixes `now` by this tenant's clock, and refuses a tenant that does not exist. The write is confined to the tenant,
   * or else to that of the principal: the database refuses a row of another one, and finds none.
   */
  tenantId?: string;
  /** With `tenantId`: the write concerns other tenants, too. */
  across?: boolean;
  /** Fixes `now` outright: sweeps and test clocks, which act on many tenants at one instant. */
  now?: Instant;
  idempotency?: Idempotency | undefined;
  /** Where the cause came from: `api`, `engine`, `stripe`, … */
  source?: string;
}

export interface Outcome<T> {
  status: number;
  body: T;
  /** The answer was given before, under the same idempotency key; `json` is its text. */
  replayed?: { json: string };
}

const RETRIES = 5;

/** Runs an action through the door and answers what it answered. */
export async function commit<T>(ctx: Context, options: CommitOptions, action: (tx: Tx) => Promise<T>): Promise<T> {
  const outcome = await commitAnswer(ctx, { ...options, idempotency: undefined }, async (tx) => ({ status: 200, body: await action(tx) }));
  return outcome.body;
}

/** `commit` for routes: with the idempotency key, and the status to store beside the answer. */
export async function commitAnswer<T>(ctx: Context, options: CommitOptions, action: (tx: Tx) => Promise<Outcome<T>>): Promise<Outcome<T>> {
  const time = stopwatch();
  let outcome = "failed";
  try {
    const what = options.origin?.action ?? options.source ?? "engine";
    const answer = await inSpan("commit", { attributes: { "billwright.action": what } }, () =>
      withOutside(ctx, (now) => again(ctx, now === null ? options : { ...options, now }, action)),
    );
    outcome = "committed";
    return answer;
  } catch (error) {
    if (error instanceof Refusal) outcome = "refused";
    throw error;
  } finally {
    ctx.metrics.commits.add([outcome]);
    ctx.metrics.commitSeconds.observe([], time() / 1_000);
  }
}

async function again<T>(ctx: Context, options: CommitOptions, action: (tx: Tx) => Promise<Outcome<T>>): Promise<Outcome<T>> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await once(ctx, options, action);
    } catch (error) {
      const state = (error as { code?: string }).code;
      if ((state !== "40001" && state !== "40P01") || attempt >= RETRIES) throw error;
      ctx.metrics.commitRetries.add([]);
      await sleep(5 * 2 ** attempt);
    }
  }
}

async function once<T>(ctx: Context, options: CommitOptions, action: (tx: Tx) => Promise<Outcome<T>>): Promise<Outcome<T>> {
  const connection = await ctx.pool.connect();
  const hooks: (() => void)[] = [];
  let broken: Error | undefined;
  try {
    await connection.query("begin");
    const outcome = await inside(ctx, connection, options, action, hooks);
    await connection.query("commit");
    for (const hook of hooks) hook();
    if ("refusal" in outcome) throw outcome.refusal;
    return outcome;
  } catch (error) {
    // A rollback that fails means that the connection is gone: do not give it back to the pool.
    await connection.query("rollback").catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    connection.release(broken);
  }
}

async function inside<T>(
  ctx: Context,
  connection: Connection,
  options: CommitOptions,
  action: (tx: Tx) => Promise<Outcome<T>>,
  hooks: (() => void)[],
): Promise<Outcome<T> | { refusal: Refusal }> {
  const { idempotency } = options;
  const db: Database = { query: (text, values) => run(connection, text, values) };
  const only = options.across ? null : (options.tenantId ?? options.principal.tenantId);
  if (idempotency) {
    const replay = await takeKey<T>(ctx, db, idempotency);
    if (replay) return replay;
    await connection.query("savepoint action");
  }
  const now = await fixNow(ctx, db, options);
  let answer: Outcome<T>;
  try {
    if (only !== null) await confine(connection, only);
    answer = await act(ctx, connection, { ...options, only }, now, action, hooks);
    if (only !== null && idempotency) await confine(connection, PLATFORM);
  } catch (error) {
    if (error instanceof NeedsOutside) error.now = now;
    // A refusal is an answer too: the same key gets it again, though nothing of the action remains.
    if (!(error instanceof Refusal) || !idempotency || error.status >= 500) throw error;
    await connection.query("rollback to savepoint action");
    await storeAnswer(ctx, db, idempotency, error.status, toJson(error.toProblem()));
    hooks.length = 0;
    return { refusal: error };
  }
  if (idempotency) await storeAnswer(ctx, db, idempotency, answer.status, toJson(answer.body));
  return answer;
}

async function act<T>(
  ctx: Context,
  connection: Connection,
  options: CommitOptions & { only: string | null },
  now: Instant,
  action: (tx: Tx) => Promise<Outcome<T>>,
  hooks: (() => void)[],
): Promise<Outcome<T>> {
  const events: AppendedEvent[] = [];
  const jobs: JobRequest[] = [];
  const tx: Tx = {
    ctx,
    now,
    principal: options.principal,
    query: (text, values) => run(connection, text, values),
    copy: (table, columns, rows) => copyInto(connection, table, columns, rows, options.only),
    emit: (happening) => void events.push(stamp(happening, now, options.source ?? "engine")),
    enqueue: (job) => void jobs.push(job),
    afterCommit: (hook) => void hooks.push(hook),
  };
  if (options.origin) await nameActor(tx, options.principal, options.origin);
  const answer = await action(tx);
  // Reactions may emit in their turn; the list grows under the loop until nothing more is woken.
  for (let i = 0; i < events.length; i++) {
    for (const react of REACTIONS[events[i]!.type] ?? []) await react(tx, events[i]!);
  }
  await appendEvents(tx, events);
  await writeJobs(tx, jobs);
  return answer;
}

/** Triggers on the tables write the audit log (migration 0011), so that no action can forget to. */
async function nameActor(tx: Tx, { kind, id, role }: Principal, origin: Origin): Promise<void> {
  const { action, requestId, ip, userAgent } = origin;
  const actor = toJson({ kind, id, role, action, request_id: requestId, ip, user_agent: userAgent });
  await tx.query("select set_config('billwright.actor', $1, true)", [actor]);
}

async function fixNow(ctx: Context, db: Database, options: CommitOptions): Promise<Instant> {
  if (options.now !== undefined) return options.now;
  if (options.tenantId === undefined) return ctx.clock.now();
  const rows = await db.query<{ now_at: Instant | null }>(
    "select c.now_at from tenants t left join test_clocks c on c.id = t.test_clock_id where t.id = $1 /* tenant_id */",
    [options.tenantId],
  );
  if (!rows[0]) throw tenantNotFound(options.tenantId);
  return rows[0].now_at ?? ctx.clock.now();
}

async function takeKey<T>(ctx: Context, db: Database, { scope, key, fingerprint }: Idempotency): Promise<Outcome<T> | null> {
  const lock = createHash("sha256").update(`${scope}\n${key}`).digest().readBigInt64BE(0);
  const [locked] = await db.query<{ ok: boolean }>("select pg_try_advisory_xact_lock($1) as ok", [lock.toString()]);
  if (!locked?.ok)
    throw new Refusal("idempotency_in_progress", "A request with this Idempotency-Key is still running; ask again in a moment.");
  const [known] = await db.query<{ fingerprint: Buffer; status: number; body: string }>(
    "select fingerprint, status, body from idempotency_keys where scope = $1 and key = $2 and created_at > $3",
    [scope, key, formatInstant(ctx.clock.now() - 86_400_000)],
  );
  if (!known) return null;
  if (!known.fingerprint.equals(fingerprint)) {
    throw new Refusal("idempotency_key_reused", "This Idempotency-Key was used for a request with another method, path or body.");
  }
  return { status: known.status, body: undefined as T, replayed: { json: known.body } };
}

async function storeAnswer(
  ctx: Context,
  db: Database,
  { scope, key, fingerprint }: Idempotency,
  status: number,
  body: string,
): Promise<void> {
  await db.query(
    `insert into idempotency_keys (scope, key, fingerprint, status, body, created_at) values ($1, $2, $3, $4, $5, $6)
     on conflict (scope, key) do update set fingerprint = excluded.fingerprint, status = excluded.status, body = excluded.body, created_at = excluded.created_at`,
    [scope, key, fingerprint, status, body, formatInstant(ctx.clock.now())],
  );
}
