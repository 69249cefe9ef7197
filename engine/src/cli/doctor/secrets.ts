/** Of stored secrets: whether the keys are there that open them. */
import type { Config } from "../../config.ts";
import { onPool, type Pool } from "../../db/pool.ts";
import { createSeal } from "../../seal.ts";
import { readKeyUses } from "../../webhooks/outbound/seal-store.ts";
import { aboutEndpoint } from "../../webhooks/outbound/secret.ts";
import { bad, type Finding, ok, warn } from "./finding.ts";

export async function secretsFinding(pool: Pool, config: Config): Promise<Finding> {
  const about = "secrets";
  const uses = await readKeyUses(onPool(pool));
  const seal = createSeal(config);
  const total = uses.reduce((sum, { count }) => sum + count, 0);
  try {
    const [first] = seal.keyIds();
    for (const use of uses) seal.open({ keyId: use.key_id, sealed: use.sealed }, aboutEndpoint(use.endpoint_id));
    if (first === undefined && config.mode === "live")
      return warn(about, "SECRETS_KEY is not set", 'Webhook endpoints cannot be made: set SECRETS_KEY="2026:$(openssl rand -base64 32)".');
    const older = uses.filter(({ key_id }) => key_id !== first);
    if (older.length === 0) return ok(about, total === 0 ? "none is stored" : `${total} stored, all sealed with ${first}`);
    const says = older.map(({ key_id, count }) => `${count} still sealed with ${key_id}`).join(", ");
    return warn(about, says, "`billwright rotate-secrets` seals them with the first key; then drop the others.");
  } catch (error) {
    return bad(about, (error as Error).message, "Put the key back into SECRETS_KEY: until then webhooks of these endpoints are not sent.");
  }
}
