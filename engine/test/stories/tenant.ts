/** A tenant as stories look at it: its timeline, its invoices and its balance, oldest first. */
import { onPool } from "../../src/db/pool.ts";
import type { Answer, World } from "../world.ts";

export function tenantOf(world: World, id: string) {
  const url = `/v1/tenants/${id}`;
  let seen = 0;
  const events = async (): Promise<string[]> => {
    const { items } = await world.must("GET", `${url}/events?limit=100`);
    return items.map((event: { type: string }) => event.type).reverse();
  };
  return {
    url,
    subscription: (): Promise<Answer["body"]> => world.must("GET", `${url}/subscription`),
    start: (body: object): Promise<Answer["body"]> => world.must("POST", `${url}/subscription`, body),
    /** `plan`, `cancel`, `pause`, …: the answer whatever it is. */
    step: (name: string, body?: object): Promise<Answer> => world.post(`${url}/subscription/${name}`, body),
    patch: (body: object): Promise<Answer> => world.call("PATCH", `${url}/subscription`, body),
    events,
    /** What has happened since it was asked last. */
    news: async (): Promise<string[]> => {
      const all = await events();
      const fresh = all.slice(seen);
      seen = all.length;
      return fresh;
    },
    invoices: async (): Promise<Answer["body"][]> => (await world.must("GET", `${url}/invoices?limit=100`)).items.reverse(),
    upcoming: (body: object = {}): Promise<Answer["body"]> => world.must("POST", `${url}/upcoming-invoice`, body),
    balance: async (): Promise<number> => {
      const [row] = await onPool(world.billing.ctx.pool).query<{ sum: string }>(
        "select coalesce(sum(amount), 0)::text as sum from balance_entries where tenant_id = $1",
        [id],
      );
      return Number(row!.sum);
    },
  };
}

/** The lines of an invoice or an answer, by kind, price and amount. */
export function linesOf(invoice: Answer["body"]): [string, string, number][] {
  return invoice.lines.map((line: { kind: string; price: string; amount: number }) => [line.kind, line.price, line.amount]);
}

/** What an invoice that is charged at once leaves in the timeline. */
export const ISSUED = ["invoice.created", "invoice.finalized"];
export const COLLECTED = ["payment.succeeded", "invoice.paid"];
/** One with nothing to pay. */
export const SETTLED = [...ISSUED, "invoice.paid"];
