import { type List, listOf } from "../list.ts";
import type { Transport } from "../transport.ts";
import type { Answer, Body, CallOptions, Query, Schemas } from "../types.ts";

export type Tenant = Schemas["Tenant"];

const ONE = "/v1/tenants/{tenant_id}";

/** The parties that are billed; `tenant` is your own id of one. */
export class Tenants {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Creates or changes one; what is not named stays as it is. */
  put(tenant: string, body: Body<"PUT", typeof ONE>, options?: CallOptions): Promise<Tenant> {
    return this.#transport.request("PUT", ONE, { path: { tenant_id: tenant }, body, ...options });
  }

  get(tenant: string, options?: CallOptions): Promise<Tenant> {
    return this.#transport.request("GET", ONE, { path: { tenant_id: tenant }, ...options });
  }

  list(query?: Query<"/v1/tenants">): List<Tenant> {
    return listOf(this.#transport, "/v1/tenants", { query });
  }

  /** Erases what is personal of the tenant; the books stay. */
  erase(tenant: string, options?: CallOptions): Promise<Answer<"DELETE", typeof ONE>> {
    return this.#transport.request("DELETE", ONE, { path: { tenant_id: tenant }, ...options });
  }
}
