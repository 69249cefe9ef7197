/** SQL of the sandbox's checkout pages: the gateway's own memory, as sandbox_charges is. */
import { formatInstant, type Instant } from "../../billing/time/instant.ts";
import { type Pool, run } from "../../db/pool.ts";

export interface SandboxPage {
  token: string;
  checkout_id: string;
  payment_key: string;
  mode: "payment" | "setup";
  amount: bigint;
  currency: string;
  description: string;
  success_url: string;
  cancel_url: string;
  status: "open" | "completed" | "canceled" | "expired";
  card: string | null;
  expires_at: Instant;
}

const PAGE = "token, checkout_id, payment_key, mode, amount, currency, description, success_url, cancel_url, status, card, expires_at";

/** The same key again answers the page that was made for it. */
export async function putPage(pool: Pool, row: Omit<SandboxPage, "status" | "card">, now: Instant): Promise<SandboxPage> {
  const rows = await run<SandboxPage>(
    pool,
    `/* no tenant: the gateway's own memory */
     insert into sandbox_checkouts (token, checkout_id, payment_key, mode, amount, currency, description, success_url, cancel_url, status, expires_at, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', $10, $11)
     on conflict (checkout_id) do update set checkout_id = excluded.checkout_id returning ${PAGE}`,
    [
      row.token,
      row.checkout_id,
      row.payment_key,
      row.mode,
      row.amount.toString(),
      row.currency,
      row.description,
      row.success_url,
      row.cancel_url,
      formatInstant(row.expires_at),
      formatInstant(now),
    ],
  );
  return rows[0]!;
}

export async function findPage(pool: Pool, by: "token" | "checkout_id", value: string): Promise<SandboxPage | null> {
  const rows = await run<SandboxPage>(
    pool,
    `/* no tenant: the gateway's own memory */ select ${PAGE} from sandbox_checkouts where ${by} = $1`,
    [value],
  );
  return rows[0] ?? null;
}

/** Ends an open page, once: null where somebody else has, or its time had run out before. */
export async function finishPage(
  pool: Pool,
  token: string,
  to: { status: "completed" | "canceled" | "expired"; card: string | null },
  now: Instant,
): Promise<SandboxPage | null> {
  const rows = await run<SandboxPage>(
    pool,
    `/* no tenant: the gateway's own memory */
     update sandbox_checkouts set status = $2, card = $3
     where token = $1 and status = 'open' and (($2 = 'expired') = (expires_at <= $4)) returning ${PAGE}`,
    [token, to.status, to.card, formatInstant(now)],
  );
  return rows[0] ?? null;
}
