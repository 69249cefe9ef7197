import { type List, listOf } from "../list.ts";
import type { Transport } from "../transport.ts";
import type { Answer, Body, CallOptions, Query, Schemas } from "../types.ts";

export type Invoice = Schemas["Invoice"];

const OF_TENANT = "/v1/tenants/{tenant_id}/invoices";
const ONE = "/v1/invoices/{id}";

/** What a tenant owes. Amounts are integers in the currency's minor unit. */
export class Invoices {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  list(tenant: string, query?: Query<typeof OF_TENANT>): List<Invoice> {
    return listOf(this.#transport, OF_TENANT, { path: { tenant_id: tenant }, query });
  }

  get(id: string, options?: CallOptions): Promise<Invoice> {
    return this.#transport.request("GET", ONE, { path: { id }, ...options });
  }

  /** What the next invoice would be; nothing is stored. */
  upcoming(
    tenant: string,
    body: Body<"POST", "/v1/tenants/{tenant_id}/upcoming-invoice"> = {},
    options?: CallOptions,
  ): Promise<Answer<"POST", "/v1/tenants/{tenant_id}/upcoming-invoice">> {
    return this.#transport.request("POST", "/v1/tenants/{tenant_id}/upcoming-invoice", { path: { tenant_id: tenant }, body, ...options });
  }

  /** Makes the invoice of a period now; the same period again answers the same invoice. */
  create(tenant: string, body: Body<"POST", typeof OF_TENANT>, options?: CallOptions): Promise<Answer<"POST", typeof OF_TENANT>> {
    return this.#transport.request("POST", OF_TENANT, { path: { tenant_id: tenant }, body, ...options });
  }

  finalize(id: string, options?: CallOptions): Promise<Answer<"POST", `${typeof ONE}/finalize`>> {
    return this.#transport.request("POST", `${ONE}/finalize`, { path: { id }, body: {}, ...options });
  }

  pay(id: string, body: Body<"POST", `${typeof ONE}/pay`> = {}, options?: CallOptions): Promise<Answer<"POST", `${typeof ONE}/pay`>> {
    return this.#transport.request("POST", `${ONE}/pay`, { path: { id }, body, ...options });
  }

  /** What the person who pays confirms the payment with, while it waits for them. */
  confirmation(id: string, options?: CallOptions): Promise<Answer<"GET", `${typeof ONE}/confirmation`>> {
    return this.#transport.request("GET", `${ONE}/confirmation`, { path: { id }, ...options });
  }

  void(id: string, options?: CallOptions): Promise<Answer<"POST", `${typeof ONE}/void`>> {
    return this.#transport.request("POST", `${ONE}/void`, { path: { id }, body: {}, ...options });
  }

  send(id: string, body: Body<"POST", `${typeof ONE}/send`> = {}, options?: CallOptions): Promise<Answer<"POST", `${typeof ONE}/send`>> {
    return this.#transport.request("POST", `${ONE}/send`, { path: { id }, body, ...options });
  }

  credit(
    id: string,
    body: Body<"POST", `${typeof ONE}/credit-notes`>,
    options?: CallOptions,
  ): Promise<Answer<"POST", `${typeof ONE}/credit-notes`>> {
    return this.#transport.request("POST", `${ONE}/credit-notes`, { path: { id }, body, ...options });
  }

  refund(id: string, body: Body<"POST", `${typeof ONE}/refunds`>, options?: CallOptions): Promise<Answer<"POST", `${typeof ONE}/refunds`>> {
    return this.#transport.request("POST", `${ONE}/refunds`, { path: { id }, body, ...options });
  }

  /** The document as it is printed. */
  pdf(id: string, { size, ...options }: CallOptions & NonNullable<Query<`${typeof ONE}/pdf`>> = {}): Promise<Uint8Array> {
    return this.#transport.bytes(`${ONE}/pdf`, { path: { id }, query: { size }, headers: { accept: "application/pdf" }, ...options });
  }
}
