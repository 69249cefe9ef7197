/** All that is known of a tenant, without what names it and the moment. `asHeard`: payments were numbered as they were heard of; which was first is left out. */
import type { World } from "./world.ts";

export async function booksOf({ must, owner }: World, tenant: string, asHeard = false): Promise<{ books: unknown; timeline: unknown }> {
  const of = async (text: string) => (await owner.query(text, [tenant])).rows;
  const subscribed = await of("select 1 as found from subscriptions where tenant_id = $1");
  const payments: Record<string, unknown>[] = (await must("GET", `/v1/tenants/${tenant}/payments`)).items;
  const byStatus = (a: Record<string, unknown>, b: Record<string, unknown>) => (String(a.status) < String(b.status) ? -1 : 1);
  const unnumbered = payments.toSorted(byStatus).map((payment) => ({ ...payment, attempt: 0 }));
  const whole = {
    books: {
      subscription: subscribed.length === 0 ? null : await must("GET", `/v1/tenants/${tenant}/subscription`),
      invoices: (await must("GET", `/v1/tenants/${tenant}/invoices`)).items,
      payments: asHeard ? unnumbered : payments,
      credits: (await must("GET", `/v1/tenants/${tenant}/credits`)).available,
      methods: (await must("GET", `/v1/tenants/${tenant}/payment-methods`)).items,
      refunds: await of("select status, amount::text from refunds where tenant_id = $1 order by amount"),
      notes: await of(
        "select total::text, refunded::text, to_balance::text, offset_due::text from credit_notes where tenant_id = $1 order by total",
      ),
      balance: await of("select kind, amount::text from balance_entries where tenant_id = $1 order by 1, 2"),
      checkouts: await of("select kind, status from checkouts where tenant_id = $1"),
      disputes: await of("select status, amount::text, taken::text from payment_disputes where tenant_id = $1"),
      orders: await of("select status, amount::text, currency, code from payment_orders where tenant_id = $1"),
    },
    timeline: (await must("GET", `/v1/tenants/${tenant}/events?limit=100`)).items,
  };
  const text = JSON.stringify(whole, (_, value) => (typeof value === "bigint" ? value.toString() : value))
    .replaceAll(tenant, "TENANT")
    .replace(/\b([a-z]{2,8})_[0-7][0-9a-hjkmnp-tv-z]{25}/g, "$1_ID")
    .replace(/\b([a-z]{2,8})_L+\d+/g, "$1_THEIRS")
    .replace(/(LOOP|INV|CN)-[\d-]+/g, "NUMBER")
    .replace(/"[^"]*\/(i|invoices)\/[^"]*"/g, '"LINK"')
    .replace(/"failed_at":\d+/g, '"failed_at":0')
    .replace(/"asked":\d+/g, '"asked":0')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "THEN");
  return JSON.parse(text);
}
