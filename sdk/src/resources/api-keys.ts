import { type List, listOf } from "../list.ts";
import type { Transport } from "../transport.ts";
import type { Answer, Body, CallOptions, Schemas } from "../types.ts";

export class ApiKeys {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  list(query?: { limit?: number }): List<Schemas["ApiKey"]> {
    return listOf(this.#transport, "/v1/api-keys", { query });
  }

  /** Its answer is the only one that shows the secret. */
  create(body: Body<"POST", "/v1/api-keys">, options?: CallOptions): Promise<Answer<"POST", "/v1/api-keys">> {
    return this.#transport.request("POST", "/v1/api-keys", { body, ...options });
  }

  revoke(id: string, options?: CallOptions): Promise<Answer<"DELETE", "/v1/api-keys/{id}">> {
    return this.#transport.request("DELETE", "/v1/api-keys/{id}", { path: { id }, ...options });
  }
}
