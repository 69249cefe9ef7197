/** SQL of the operator's list of payments. */
import type { Database } from "../../db/pool.ts";
import { PAYMENT, type PaymentRow } from "./store.ts";

export function listAllPayments(
  db: Database,
  filter: {
    tenantId: string | null;
    status: string | null;
    gateway: string | null;
    currency: string | null;
    invoiceId: string | null;
    from: string | null;
    to: string | null;
    before: string[] | null;
    limit: number;
  },
): Promise<PaymentRow[]> {
  return db.query<PaymentRow>(
    `/* all tenants, or the one that is asked for */ select ${PAYMENT} from payments
     where ($1::text is null or tenant_id = $1) and ($2::text is null or status = $2) and ($3::text is null or gateway = $3)
       and ($4::text is null or currency = $4) and ($5::text is null or invoice_id = $5)
       and ($6::timestamptz is null or requested_at >= $6) and ($7::timestamptz is null or requested_at < $7)
       and ($8::timestamptz is null or (requested_at, id) < ($8, $9))
     order by requested_at desc, id desc limit $10`,
    [
      filter.tenantId,
      filter.status,
      filter.gateway,
      filter.currency,
      filter.invoiceId,
      filter.from,
      filter.to,
      filter.before?.[0] ?? null,
      filter.before?.[1] ?? null,
      filter.limit,
    ],
  );
}
