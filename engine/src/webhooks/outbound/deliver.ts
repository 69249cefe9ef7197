/** Sends one delivery that was claimed, and writes down what became of it. Nothing is held in the database meanwhile; a crash leaves it to whoever comes after the lease. */
import { randomInt } from "node:crypto";
import type { Dispatcher } from "undici";
import { ENGINE } from "../../auth/principal.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPlatform } from "../../db/pool.ts";
import { SealError } from "../../seal.ts";
import { type Claimed, type Ending, finishDelivery } from "./delivery-store.ts";
import { disableEndpoint } from "./disable.ts";
import { messageOf } from "./message.ts";
import { MAX_ATTEMPTS, retryAfter, retryDelay } from "./schedule.ts";
import { aboutEndpoint } from "./secret.ts";
import { type Reply, send } from "./send.ts";
import { signedHeaders } from "./sign.ts";
import type { DisabledReason } from "./store.ts";

const DAY = 86_400_000;
const GONE = 410;

/** Answers whether something happened by it that others may want to be told of. */
export async function deliver(ctx: Context, agent: Dispatcher, claimed: Claimed): Promise<boolean> {
  const at = ctx.clock.now();
  const reply = await attempt(ctx, agent, claimed, at);
  const ending = endingOf(claimed, reply, ctx.clock.now());
  ctx.metrics.deliveries.add([ending.state]);
  if (!reply.ours) ctx.metrics.deliverySeconds.observe([], reply.durationMs / 1_000);
  const { status, error, body, durationMs } = reply;
  const now = ctx.clock.now();
  const known = await finishDelivery(onPlatform(ctx.pool), claimed, { at, url: claimed.url, durationMs, status, error, body }, ending, now);
  if (known === null || ending.health !== "failing") return false;
  const reason = tooLong(ctx, status, known.failingSince, now);
  if (reason === null) return false;
  await commit(ctx, { principal: ENGINE, now }, (tx) => disableEndpoint(tx, claimed.endpoint_id, reason));
  return true;
}

type Outcome = Reply & { ours: boolean };

async function attempt(ctx: Context, agent: Dispatcher, claimed: Claimed, at: number): Promise<Outcome> {
  const nothing = { status: null, body: null, retryAfter: undefined, durationMs: 0, ours: true };
  // Its last attempt ended in a crash: that too was one.
  if (claimed.attempts > MAX_ATTEMPTS) return { ...nothing, error: "every attempt ended without an outcome" };
  const body = messageOf(claimed);
  let secrets: string[];
  try {
    secrets = claimed.secrets.map(({ key_id, sealed }) => ctx.seal.open({ keyId: key_id, sealed }, aboutEndpoint(claimed.endpoint_id)));
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    ctx.log.error({ err: error, webhook_endpoint: claimed.endpoint_id }, "a webhook could not be signed");
    return { ...nothing, error: error.message };
  }
  const headers = signedHeaders({ id: claimed.event_id, body, atMs: at }, secrets);
  return { ...(await send(agent, { url: claimed.url, headers, body }, ctx.config.webhooks.timeoutMs)), ours: false };
}

function endingOf(claimed: Claimed, { status, retryAfter: wish, ours }: Outcome, now: number): Ending {
  if (status !== null && status >= 200 && status < 300) return { state: "delivered", dueAt: null, health: "well" };
  const delay = retryDelay(claimed.attempts, randomInt(1_000) / 1_000, retryAfter(wish, now));
  // What this engine lacks says nothing of the endpoint.
  const health = ours ? null : "failing";
  return delay === null || status === GONE ? { state: "dead", dueAt: null, health } : { state: "failed", dueAt: now + delay, health };
}

function tooLong(ctx: Context, status: number | null, failingSince: number | null, now: number): DisabledReason | null {
  if (status === GONE) return "gone";
  const days = ctx.config.webhooks.disableAfterDays;
  return days > 0 && failingSince !== null && now - failingSince >= days * DAY ? "failing" : null;
}
