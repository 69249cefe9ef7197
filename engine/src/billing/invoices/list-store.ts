/** SQL of the operator's list of invoices. */
import type { Database } from "../../db/pool.ts";
import { INVOICE, type InvoiceRow } from "./store.ts";

export interface InvoiceFilter {
  tenantId: string | null;
  status: string | null;
  currency: string | null;
  number: string | null;
  overdue: boolean | null;
  overdueAt: string | null;
  from: string | null;
  to: string | null;
  before: string[] | null;
  limit: number;
}

export function listAllInvoices(db: Database, filter: InvoiceFilter): Promise<InvoiceRow[]> {
  return db.query<InvoiceRow>(
    `/* all tenants, or the one that is asked for */ select ${INVOICE} from invoices i
     where ($1::text is null or tenant_id = $1) and ($2::text is null or status = $2) and ($3::text is null or currency = $3)
       and ($4::text is null or strpos(lower(number), lower($4)) > 0)
       and ($5::boolean is null or (status = 'open' and (failed_at is not null or due_at < coalesce((select c.now_at from test_clocks c where c.id = i.test_clock_id), $6::timestamptz))) = $5)
       and ($7::timestamptz is null or created_at >= $7) and ($8::timestamptz is null or created_at < $8)
       and ($9::timestamptz is null or (created_at, id) < ($9, $10))
     order by created_at desc, id desc limit $11`,
    [
      filter.tenantId,
      filter.status,
      filter.currency,
      filter.number,
      filter.overdue,
      filter.overdueAt,
      filter.from,
      filter.to,
      filter.before?.[0] ?? null,
      filter.before?.[1] ?? null,
      filter.limit,
    ],
  );
}
