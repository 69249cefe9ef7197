/** The errand of free plan credits: whose next period is due, in chunks, each one write; workers take different tenants. */
import { ENGINE } from "../../auth/principal.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import type { Instant } from "../time/instant.ts";
import { beginCycles, lockDueCycles } from "./free-credit-store.ts";
import { freePlans, grantCycles } from "./free-credits.ts";

const CHUNK = 500;

/** Works until nothing is due. Answers how many tenants had a period. */
export async function grantFreeDue(ctx: Context, input: { now: Instant; testClockId: string | null }): Promise<number> {
  for (let done = 0; ; ) {
    const count = await commit(ctx, { principal: ENGINE, now: input.now }, async (tx) => {
      const due = await lockDueCycles(tx, input.now, input.testClockId, CHUNK);
      await grantCycles(tx, due);
      return due.length;
    });
    done += count;
    if (count === 0) return done;
  }
}

/** Everybody has a cycle, once a default plan grants credits; and what is due is granted. */
export async function sweepFreeCredits(ctx: Context): Promise<void> {
  const now = ctx.clock.now();
  if ((await freePlans({ ctx })).length === 0) return;
  await commit(ctx, { principal: ENGINE, now }, (tx) => beginCycles(tx, null));
  await grantFreeDue(ctx, { now, testClockId: null });
}
