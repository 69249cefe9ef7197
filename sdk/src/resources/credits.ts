import { type List, listOf } from "../list.ts";
import type { Transport } from "../transport.ts";
import type { Answer, Body, CallOptions, Query, Schemas } from "../types.ts";

export type CreditBalance = Schemas["CreditBalance"];
export type CreditHold = Schemas["CreditHold"];
export type TopUpOccurrence = Schemas["CreditTopUpOccurrence"];
export type CreditTransaction = Schemas["CreditTransaction"];

const OF_TENANT = "/v1/tenants/{tenant_id}/credits";

/** What a tenant has prepaid. A change carries a key of its own, so that it is made once; give yours where it must be once for ever. */
export class Credits {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  get(tenant: string, options?: CallOptions): Promise<CreditBalance> {
    return this.#transport.request("GET", OF_TENANT, { path: { tenant_id: tenant }, ...options });
  }

  /** The ledger, newest first. */
  transactions(tenant: string, query?: Query<`${typeof OF_TENANT}/transactions`>): List<CreditTransaction> {
    return listOf(this.#transport, `${OF_TENANT}/transactions`, { path: { tenant_id: tenant }, query });
  }

  /** `{ amount }`, or `{ event_name, quantity }` by the catalog's cost: all or nothing; too little is `insufficient_credits`. */
  consume(tenant: string, body: Body<"POST", `${typeof OF_TENANT}/consume`>, options?: CallOptions): Promise<CreditTransaction> {
    return this.#transport.request("POST", `${OF_TENANT}/consume`, { path: { tenant_id: tenant }, body, ...options });
  }

  grant(
    tenant: string,
    body: Body<"POST", `${typeof OF_TENANT}/grants`>,
    options?: CallOptions,
  ): Promise<Answer<"POST", `${typeof OF_TENANT}/grants`>> {
    return this.#transport.request("POST", `${OF_TENANT}/grants`, { path: { tenant_id: tenant }, body, ...options });
  }

  /** Gives some to another tenant. */
  transfer(
    tenant: string,
    body: Body<"POST", `${typeof OF_TENANT}/transfers`>,
    options?: CallOptions,
  ): Promise<Answer<"POST", `${typeof OF_TENANT}/transfers`>> {
    return this.#transport.request("POST", `${OF_TENANT}/transfers`, { path: { tenant_id: tenant }, body, ...options });
  }

  /** What comes by the calendar, bought or granted. */
  topUpRules(tenant: string, options?: CallOptions): Promise<Answer<"GET", `${typeof OF_TENANT}/top-up-rules`>> {
    return this.#transport.request("GET", `${OF_TENANT}/top-up-rules`, { path: { tenant_id: tenant }, ...options });
  }

  /** Sets a rule, or changes it: so much, bought or granted, every so often. */
  setTopUpRule(
    tenant: string,
    key: string,
    body: Body<"PUT", `${typeof OF_TENANT}/top-up-rules/{key}`>,
    options?: CallOptions,
  ): Promise<Answer<"PUT", `${typeof OF_TENANT}/top-up-rules/{key}`>> {
    return this.#transport.request("PUT", `${OF_TENANT}/top-up-rules/{key}`, { path: { tenant_id: tenant, key }, body, ...options });
  }

  endTopUpRule(tenant: string, key: string, options?: CallOptions): Promise<Answer<"DELETE", `${typeof OF_TENANT}/top-up-rules/{key}`>> {
    return this.#transport.request("DELETE", `${OF_TENANT}/top-up-rules/{key}`, { path: { tenant_id: tenant, key }, ...options });
  }

  /** What became of each time that the rule was due, newest first. */
  occurrences(tenant: string, key: string): List<TopUpOccurrence> {
    return listOf(this.#transport, `${OF_TENANT}/top-up-rules/{key}/occurrences`, { path: { tenant_id: tenant, key } });
  }

  /** What is reserved, newest first. */
  holds(tenant: string, query?: Query<`${typeof OF_TENANT}/holds`>): List<CreditHold> {
    return listOf(this.#transport, `${OF_TENANT}/holds`, { path: { tenant_id: tenant }, query });
  }

  getHold(tenant: string, id: string, options?: CallOptions): Promise<CreditHold> {
    return this.#transport.request("GET", `${OF_TENANT}/holds/{id}`, { path: { tenant_id: tenant, id }, ...options });
  }

  /** Reserves credits until `capture`, `release`, or its time is over (`expires_in` seconds). */
  hold(tenant: string, body: Body<"POST", `${typeof OF_TENANT}/holds`>, options?: CallOptions): Promise<CreditHold> {
    return this.#transport.request("POST", `${OF_TENANT}/holds`, { path: { tenant_id: tenant }, body, ...options });
  }

  /** Takes what it truly cost, at most what is held (all of it if not said), and gives back the rest. */
  capture(
    tenant: string,
    id: string,
    body: Body<"POST", `${typeof OF_TENANT}/holds/{id}/capture`> = {},
    options?: CallOptions,
  ): Promise<CreditHold> {
    return this.#transport.request("POST", `${OF_TENANT}/holds/{id}/capture`, { path: { tenant_id: tenant, id }, body, ...options });
  }

  release(tenant: string, id: string, options?: CallOptions): Promise<CreditHold> {
    return this.#transport.request("POST", `${OF_TENANT}/holds/{id}/release`, { path: { tenant_id: tenant, id }, body: {}, ...options });
  }
}
