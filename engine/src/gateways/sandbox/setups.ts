/** The sandbox's setup intents: begun for a tenant, finished by whoever has the secret, with a test card instead of a typed one. */
import { randomBytes } from "node:crypto";
import type { MethodGateway } from "../../billing/payments/gateway.ts";
import { formatInstant } from "../../billing/time/instant.ts";
import type { Clock } from "../../clock.ts";
import { type Pool, run } from "../../db/pool.ts";

/** Of methods the sandbox remembers nothing: its cards are the same for all, and whose they are the engine knows. */
export function sandboxMethods(pool: Pool, clock: Clock): MethodGateway {
  return {
    async setup({ idempotencyKey, tenantId }) {
      const secret = `${idempotencyKey}_secret_${randomBytes(18).toString("base64url")}`;
      const rows = await run<{ secret: string }>(
        pool,
        `/* no tenant: the gateway's own memory */
         insert into sandbox_setups (id, party, secret, created_at) values ($1, $2, $3, $4)
         on conflict (id) do update set id = excluded.id returning secret`,
        [idempotencyKey, tenantId, secret, formatInstant(clock.now())],
      );
      return { reference: idempotencyKey, clientSecret: rows[0]!.secret, publicKey: null };
    },
    list: async () => [],
    find: async () => null,
    makeDefault: async () => undefined,
    detach: async () => undefined,
  };
}

/** Whose it is, once: null where the secret is none, or was used. */
export async function finishSetup(pool: Pool, secret: string, now: number): Promise<{ tenantId: string } | null> {
  const rows = await run<{ party: string }>(
    pool,
    `/* no tenant: the gateway's own memory */
     update sandbox_setups set finished_at = $2 where secret = $1 and finished_at is null returning party`,
    [secret, formatInstant(now)],
  );
  return rows[0] ? { tenantId: rows[0].party } : null;
}
