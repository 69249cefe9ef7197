/** What most people write first: one subscription, its own queries, one transaction, one invoice. The same rows come out. */

import { type PriceDocument, parsePrice } from "../engine/src/billing/catalog/price.ts";
import { rate } from "../engine/src/billing/catalog/rate.ts";
import { roundMinor } from "../engine/src/billing/money/amount.ts";
import { decimal } from "../engine/src/billing/money/decimal.ts";
import type { Pool } from "../engine/src/db/pool.ts";
import { newId } from "../engine/src/ids.ts";

export async function oneByOne(pool: Pool, count: number, now: number): Promise<void> {
  const at = new Date(now).toISOString();
  for (let i = 0; i < count; i++) {
    const client = await pool.connect();
    try {
      await client.query("begin");
      const { rows: subscriptions } = await client.query(
        `select s.*, t.no from subscriptions s join tenants t on t.id = s.tenant_id
         where s.due_at <= $1 and s.test_clock_id is null order by s.due_at, s.id limit 1 for update of s skip locked`,
        [at],
      );
      const subscription = subscriptions[0];
      const { rows: plans } = await client.query("select terms from plan_versions where plan_key = $1 and version = $2", [
        subscription.plan_key,
        subscription.plan_version,
      ]);
      const behind = [new Date(subscription.current_period_start).toISOString(), new Date(subscription.current_period_end).toISOString()];
      const ahead = [behind[1]!, "2026-03-01T00:00:00Z"];
      const lines: { price: string; kind: string; meter: string | null; quantity: string; amount: bigint; period: typeof behind }[] = [];
      for (const document of plans[0].terms.prices as PriceDocument[]) {
        const price = parsePrice(document);
        let quantity = price.type === "seat" ? String(subscription.seats) : "1";
        if (price.meter !== undefined) {
          const { rows } = await client.query(
            `select coalesce(sum(r.total), 0)::text as total from usage_rollups r join catalog_items m on m.no = r.meter_no
             where r.tenant_no = $1 and m.kind = 'meter' and m.key = $2 and r.hour >= extract(epoch from $3::timestamptz) / 3600
               and r.hour < extract(epoch from $4::timestamptz) / 3600`,
            [subscription.no, price.meter, ...behind],
          );
          quantity = rows[0].total;
        }
        lines.push({
          price: price.key,
          kind: price.type,
          period: price.timing === "in_advance" ? ahead : behind,
          meter: price.meter ?? null,
          quantity,
          amount: roundMinor(rate(price, { quantity: decimal(quantity) }).amount),
        });
      }
      const total = lines.reduce((sum, line) => sum + line.amount, 0n);
      const { rows: numbers } = await client.query(
        "insert into invoice_series (series, last) values ('INV-2026', 1) on conflict (series) do update set last = invoice_series.last + 1 returning last",
      );
      const invoiceId = newId("invoice");
      await client.query(
        `insert into invoices (id, tenant_id, subscription_id, reason, status, number, currency, period_start, period_end, subtotal, total, amount_due,
           collection, gateway, issued_at, due_at, created_at)
         values ($1, $2, $3, 'period', 'open', $4, 'usd', $5, $6, $7, $7, $7, 'charge_automatically', 'sandbox', $8, $8, $8)`,
        [
          invoiceId,
          subscription.tenant_id,
          subscription.id,
          `INV-2026-${String(numbers[0].last).padStart(6, "0")}`,
          ...behind,
          total.toString(),
          at,
        ],
      );
      for (const [position, line] of lines.entries()) {
        await client.query(
          `insert into invoice_lines (id, invoice_id, tenant_id, subscription_id, position, kind, plan_key, plan_version, price_key, meter_key, description,
             quantity, amount, period_start, period_end)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $9, $11, $12, $13, $14)`,
          [
            newId("line"),
            invoiceId,
            subscription.tenant_id,
            subscription.id,
            position,
            line.kind,
            subscription.plan_key,
            subscription.plan_version,
            line.price,
            line.meter,
            line.quantity,
            line.amount.toString(),
            ...line.period,
          ],
        );
      }
      for (const type of ["invoice.created", "invoice.finalized", "subscription.renewed"]) {
        await client.query(
          `insert into billing_events (id, tenant_id, type, subject, summary, data, source, occurred_at) values ($1, $2, $3, $4, $3, $5, 'engine', $6)`,
          [newId("event"), subscription.tenant_id, type, invoiceId, JSON.stringify({ invoice: invoiceId }), at],
        );
      }
      await client.query(
        `insert into payments (id, tenant_id, invoice_id, gateway, currency, amount, attempt, status, requested_at) values ($1, $2, $3, 'sandbox', 'usd', $4, 1, 'requested', $5)`,
        [newId("payment"), subscription.tenant_id, invoiceId, total.toString(), at],
      );
      await client.query("select enqueue_jobs(array['collect-due'], array['{}'::json], array[null::timestamptz], array['collect-due'])");
      await client.query(
        `update subscriptions set current_period_start = current_period_end, current_period_end = $3, closed_until = current_period_end,
           due_at = $3, updated_at = $2 where id = $1`,
        [subscription.id, at, ahead[1]],
      );
      await client.query("commit");
    } finally {
      client.release();
    }
  }
}
