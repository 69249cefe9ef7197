import type { Transport } from "../transport.ts";
import type { Answer, Body, CallOptions, Schemas } from "../types.ts";

export type Subscription = Schemas["Subscription"];

const ONE = "/v1/tenants/{tenant_id}/subscription";

/** What a tenant signed up for; a tenant has one at a time. A step that the state does not allow is `invalid_state`. */
export class Subscriptions {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The current one; without any, the default plan's view with `status: "none"`. */
  get(tenant: string, options?: CallOptions): Promise<Subscription> {
    return this.#transport.request("GET", ONE, { path: { tenant_id: tenant }, ...options });
  }

  start(tenant: string, body: Body<"POST", typeof ONE>, options?: CallOptions): Promise<Subscription> {
    return this.#transport.request("POST", ONE, { path: { tenant_id: tenant }, body, ...options });
  }

  /** `seats` (prorated), `auto_renew`, `billing_email`. */
  update(tenant: string, body: Body<"PATCH", typeof ONE>, options?: CallOptions): Promise<Subscription> {
    return this.#transport.request("PATCH", ONE, { path: { tenant_id: tenant }, body, ...options });
  }

  /** With `dry_run` it answers the lines that it would make, and changes nothing. */
  changePlan(
    tenant: string,
    body: Body<"POST", `${typeof ONE}/plan`>,
    options?: CallOptions,
  ): Promise<Answer<"POST", `${typeof ONE}/plan`>> {
    return this.#transport.request("POST", `${ONE}/plan`, { path: { tenant_id: tenant }, body, ...options });
  }

  cancel(tenant: string, body: Body<"POST", `${typeof ONE}/cancel`> = {}, options?: CallOptions): Promise<Subscription> {
    return this.#transport.request("POST", `${ONE}/cancel`, { path: { tenant_id: tenant }, body, ...options });
  }

  /** Takes back a cancellation that waits for the period's end. */
  revokeCancellation(tenant: string, options?: CallOptions): Promise<Subscription> {
    return this.#transport.request("POST", `${ONE}/revoke-cancellation`, { path: { tenant_id: tenant }, ...options });
  }

  pause(tenant: string, body: Body<"POST", `${typeof ONE}/pause`> = {}, options?: CallOptions): Promise<Subscription> {
    return this.#transport.request("POST", `${ONE}/pause`, { path: { tenant_id: tenant }, body, ...options });
  }

  resume(tenant: string, body: Body<"POST", `${typeof ONE}/resume`> = {}, options?: CallOptions): Promise<Subscription> {
    return this.#transport.request("POST", `${ONE}/resume`, { path: { tenant_id: tenant }, body, ...options });
  }
}
