/** What the cases of webhooks out share: something happens, somebody does not answer. */
import { ENGINE } from "../../src/auth/principal.ts";
import { commit } from "../../src/commit.ts";
import type { EventType } from "../../src/events/types.ts";
import { settled } from "../stream-client.ts";
import type { World } from "../world.ts";
import type { Received } from "./receiver.ts";

export function emit(world: World, type: EventType, tenantId: string | null, n: unknown): Promise<void> {
  return commit(world.billing.ctx, { principal: ENGINE, ...(tenantId === null ? {} : { tenantId }) }, async (tx) =>
    tx.emit({ type, tenantId, subject: `subject-${String(n)}`, summary: `It happened, ${String(n)}.`, data: { n } }),
  );
}

/** Tells all that has happened. An event is told when no older transaction runs on the server, those of other tests included. */
export async function workOff(world: World): Promise<void> {
  await settled(world);
  await world.billing.ctx.webhooks.work();
}

export const numbers = (received: Received[]): unknown[] => received.map(({ event }) => event.data.n);

/** For the cases in which nobody answers. */
export async function impatient<T>(world: World, run: () => Promise<T>): Promise<T> {
  const settings = world.billing.ctx.config.webhooks as { timeoutMs: number };
  const usual = settings.timeoutMs;
  settings.timeoutMs = 400;
  return run().finally(() => {
    settings.timeoutMs = usual;
  });
}
