import { type List, listOf } from "../list.ts";
import type { Transport } from "../transport.ts";
import type { Answer, Body, CallOptions, Schemas } from "../types.ts";

/** Sandbox only: clocks that tenants are put on before they subscribe (`test_clock`), to see a year of billing in a minute. */
export class TestClocks {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  create(body: Body<"POST", "/v1/test-clocks">, options?: CallOptions): Promise<Answer<"POST", "/v1/test-clocks">> {
    return this.#transport.request("POST", "/v1/test-clocks", { body, ...options });
  }

  /** Runs all that falls due up to `to`, in order, and answers what that was. May take long: give it a `timeout`. */
  advance(id: string, to: string, options?: CallOptions): Promise<Answer<"POST", "/v1/test-clocks/{id}/advance">> {
    return this.#transport.request("POST", "/v1/test-clocks/{id}/advance", { path: { id }, body: { to }, ...options });
  }

  list(query?: { limit?: number }): List<Schemas["TestClock"]> {
    return listOf(this.#transport, "/v1/test-clocks", { query });
  }

  delete(id: string, options?: CallOptions): Promise<Answer<"DELETE", "/v1/test-clocks/{id}">> {
    return this.#transport.request("DELETE", "/v1/test-clocks/{id}", { path: { id }, ...options });
  }
}
