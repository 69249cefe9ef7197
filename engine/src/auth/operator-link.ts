/** A link that signs the operator in to the dashboard, once and for minutes: for who started the engine, and so may do everything anyway. */
import { commit } from "../commit.ts";
import type { Context } from "../context.ts";
import { LINK_MS, mintSecret } from "./link.ts";
import { ENGINE } from "./principal.ts";
import { insertLink } from "./session-store.ts";

export async function operatorLink(ctx: Context, address: string): Promise<string> {
  const { secret, hash } = mintSecret("link");
  await commit(ctx, { principal: ENGINE }, (tx) =>
    insertLink(
      tx,
      hash,
      { tenant_id: null, role: "platform_admin", subject: "operator", return_url: null, expires_at: tx.now + LINK_MS },
      tx.now,
    ),
  );
  return `${address}/portal#token=${secret}`;
}
