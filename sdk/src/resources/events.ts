import { type BillingEvent, type FollowOptions, follow } from "../events/stream.ts";
import { type List, listOf } from "../list.ts";
import type { Transport } from "../transport.ts";
import type { Query } from "../types.ts";

/** What happened in a tenant's billing. */
export class Events {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  list(tenant: string, query?: Query<"/v1/tenants/{tenant_id}/events">): List<BillingEvent> {
    return listOf(this.#transport, "/v1/tenants/{tenant_id}/events", { path: { tenant_id: tenant }, query });
  }

  /**
   * The same, live and without an end: `for await (const event of client.events.stream("acme", { signal }))`. A connection that is lost
   * is made again and goes on after the last event that was seen, so that none is missed.
   */
  stream(tenant: string, options?: FollowOptions): AsyncGenerator<BillingEvent, void, undefined> {
    return follow(this.#transport, tenant, options);
  }
}
