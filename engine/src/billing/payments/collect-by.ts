/** Which gateway a tenant pays by where nobody says: the one of its default method, else the first that is configured. */
import type { Tx } from "../../commit.ts";
import { defaultGateway } from "./method-store.ts";

/** undefined: none is configured. */
export async function collectBy(tx: Tx, tenantId: string): Promise<string | undefined> {
  const names = tx.ctx.gateways.names();
  // With one there is nothing to ask.
  if (names.length < 2) return names[0];
  const own = await defaultGateway(tx, tenantId);
  return own !== null && names.includes(own) ? own : names[0];
}
