/** Gives an endpoint a new secret. Until the overlap ends both sign, so that the receiver can change over when it likes. */
import type { Tx } from "../../commit.ts";
import { Refusal } from "../../errors.ts";
import { noEndpoint } from "./put-endpoint.ts";
import { aboutEndpoint, mintWebhookSecret } from "./secret.ts";
import { type EndpointRow, endSecrets, insertSecret, lockEndpoint } from "./store.ts";

/** A signature by each goes with every delivery. */
const MOST_BESIDE = 4;

export async function rotateWebhookSecret(tx: Tx, id: string, overlapSeconds: number): Promise<{ row: EndpointRow; secret: string }> {
  const row = await lockEndpoint(tx, id);
  if (!row) throw noEndpoint();
  const beside = await endSecrets(tx, id, tx.now + overlapSeconds * 1_000);
  if (overlapSeconds > 0 && beside > MOST_BESIDE)
    throw new Refusal(
      "invalid_state",
      `${beside} secrets of this endpoint hold already. Wait until one has ended, or rotate without an overlap.`,
    );
  const secret = mintWebhookSecret();
  await insertSecret(tx, row, tx.ctx.seal.close(secret, aboutEndpoint(id)));
  return { row, secret };
}
