/** What was delivered, or given up, is kept for thirty days. */
import type { Context } from "../../context.ts";
import { onPlatform } from "../../db/pool.ts";
import { deleteFinished } from "./log-store.ts";

const KEPT_MS = 30 * 86_400_000;
const AT_ONCE = 5_000;

export async function forgetDeliveries(ctx: Context): Promise<void> {
  const before = ctx.clock.now() - KEPT_MS;
  while ((await deleteFinished(onPlatform(ctx.pool), before, AT_ONCE)) === AT_ONCE);
}
