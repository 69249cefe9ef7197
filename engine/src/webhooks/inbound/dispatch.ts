/**
 * The errand that works on what came in: claims rows with a lease, reads each into a fact, and acts on it in the write that marks the
 * row done. A failure is written down and tried again; a crash leaves the row to whoever comes after the lease.
 */

import { randomInt } from "node:crypto";
import { ENGINE } from "../../auth/principal.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPlatform } from "../../db/pool.ts";
import { wordsOf } from "../../errors.ts";
import { isRecord, parseJson } from "../../http/json.ts";
import { writeJobs } from "../../jobs/queue.ts";
import { findAdapter } from "./adapters.ts";
import { LEASE_MS, MAX_ATTEMPTS, retryDelay } from "./backoff.ts";
import { locate } from "./locate.ts";
import { claimInbound, finishInbound, type InboundBody, noteTenant } from "./store.ts";

const BATCH = 4;

/** Works until nothing is left that could be claimed. Answers how many events it worked on. */
export async function dispatchInbound(ctx: Context, which: "new" | "failed" = "new"): Promise<number> {
  for (let done = 0; ; ) {
    const now = ctx.clock.now();
    const rows = await claimInbound(ctx.pool, which, { now, until: now + LEASE_MS }, BATCH);
    if (rows.length === 0) return done;
    await Promise.all(rows.map((row) => dispatch(ctx, row)));
    done += rows.length;
  }
}

async function dispatch(ctx: Context, row: InboundBody): Promise<void> {
  try {
    // Its last attempt ended in a crash: that too is an attempt.
    if (row.attempts > MAX_ATTEMPTS) throw new Error("Every attempt ended without an outcome.");
    const ignored = await work(ctx, row);
    if (ignored !== null) await finish(ctx, row, "ignored", ignored);
    ctx.metrics.webhooksDispatched.add([row.gateway, ignored === null ? "done" : "ignored"]);
  } catch (error) {
    const dead = row.attempts >= MAX_ATTEMPTS;
    ctx.log.error({ err: error, inbound_event: row.id, gateway: row.gateway, attempt: row.attempts }, "a webhook could not be dispatched");
    ctx.metrics.webhooksDispatched.add([row.gateway, dead ? "dead" : "failed"]);
    await finish(ctx, row, dead ? "dead" : "failed", wordsOf(error));
  }
}

// A text says why there was nothing to do.
async function work(ctx: Context, row: InboundBody): Promise<string | null> {
  const read = findAdapter(row.gateway)?.events.get(row.type);
  if (!read) return "Nothing is done about events of this type.";
  if (row.body === null) return "Its body was erased.";
  const payload = parseJson(row.body.toString("utf8"));
  if (!isRecord(payload)) throw new Error("Its body is no object.");
  const fact = read(payload);
  const it = typeof fact === "string" ? fact : await locate(ctx, row.gateway, fact);
  if (typeof it === "string") return it;
  const { tenantId } = it;
  if (tenantId !== null) await noteTenant(ctx.pool, row, tenantId);
  await commit(ctx, { principal: ENGINE, ...(tenantId === null ? {} : { tenantId }), source: row.gateway }, async (tx) => {
    await it.apply(tx);
    const mine = await finishInbound(tx, row, { state: "done", error: null, nextAt: null, at: ctx.clock.now() });
    if (!mine) throw new Error("The lease ran out, and somebody else works on it.");
  });
  return null;
}

async function finish(ctx: Context, row: InboundBody, state: "ignored" | "failed" | "dead", error: string): Promise<void> {
  const at = ctx.clock.now();
  const nextAt = state === "failed" ? at + retryDelay(row.attempts, randomInt(1_000) / 1_000) : null;
  // What is done stays done, should only something after the write have failed: the row is not this claim's any more.
  const db = onPlatform(ctx.pool);
  const mine = await finishInbound(db, row, { state, error: error.slice(0, 2_000), nextAt, at });
  // Only the time is said: the row is found in the data, and by the sweep of each minute should this not be written any more.
  if (mine && nextAt !== null && ctx.config.retryWorker.enabled)
    await writeJobs(db, [{ name: "retry-inbound", key: `retry-inbound:${row.id}`, runAt: nextAt }]);
}
