import { type List, listOf } from "../list.ts";
import type { Transport } from "../transport.ts";
import type { Answer, Body, CallOptions, Schemas } from "../types.ts";

export type Payment = Schemas["Payment"];
export type PaymentMethod = Schemas["PaymentMethod"];

const ONE = "/v1/tenants/{tenant_id}/payments/{id}";
const METHODS = "/v1/tenants/{tenant_id}/payment-methods";

/** Every attempt to collect, with its gateway's own code and reason, and what is collected with. */
export class Payments {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  list(tenant: string, query?: { limit?: number }): List<Payment> {
    return listOf(this.#transport, "/v1/tenants/{tenant_id}/payments", { path: { tenant_id: tenant }, query });
  }

  /** One attempt; while it waits for the person, with what they confirm it with, for whoever may pay. */
  get(tenant: string, id: string, options?: CallOptions): Promise<Answer<"GET", typeof ONE>> {
    return this.#transport.request("GET", ONE, { path: { tenant_id: tenant, id }, ...options });
  }

  async methods(tenant: string, options?: CallOptions): Promise<PaymentMethod[]> {
    return (await this.#transport.request("GET", METHODS, { path: { tenant_id: tenant }, ...options })).items;
  }

  /** What the gateway's own form needs to add a payment method. */
  setupIntent(
    tenant: string,
    body: Body<"POST", `${typeof METHODS}/setup-intent`> = {},
    options?: CallOptions,
  ): Promise<Answer<"POST", `${typeof METHODS}/setup-intent`>> {
    return this.#transport.request("POST", `${METHODS}/setup-intent`, { path: { tenant_id: tenant }, body, ...options });
  }

  makeDefault(tenant: string, id: string, options?: CallOptions): Promise<Answer<"POST", `${typeof METHODS}/{id}/default`>> {
    return this.#transport.request("POST", `${METHODS}/{id}/default`, { path: { tenant_id: tenant, id }, ...options });
  }

  removeMethod(tenant: string, id: string, options?: CallOptions): Promise<Answer<"DELETE", `${typeof METHODS}/{id}`>> {
    return this.#transport.request("DELETE", `${METHODS}/{id}`, { path: { tenant_id: tenant, id }, ...options });
  }
}
