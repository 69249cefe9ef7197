import { type List, listOf } from "../list.ts";
import type { Transport } from "../transport.ts";
import type { Answer, Body, CallOptions, ItemOf, PathOf, Query } from "../types.ts";

export type Plan = ItemOf<"/v1/plans">;

type Kind = "plans" | "meters" | "features" | "credit-events" | "credit-products" | "coupons" | "tax-rates";
type KeyOf<K extends Kind> = K extends "plans" ? "/v1/plans/{plan}" : `/v1/${Exclude<K, "plans">}/{key}`;

/** One kind of thing that the catalog declares, by the keys you give. */
export class CatalogSection<K extends Kind> {
  readonly #transport: Transport;
  readonly #kind: K;

  constructor(transport: Transport, kind: K) {
    this.#transport = transport;
    this.#kind = kind;
  }

  /** Those on sale; with `include_archived` all that ever were. */
  list(query?: Query<`/v1/${K}`>): List<ItemOf<`/v1/${K}`>> {
    return listOf(this.#transport, `/v1/${this.#kind}`, { query });
  }

  async get(key: string, options?: CallOptions): Promise<Answer<"GET", KeyOf<K>>> {
    return (await this.#transport.send("GET", this.#one(), { path: { key }, ...options })).body as Answer<"GET", KeyOf<K>>;
  }

  /** Creates or changes one. */
  async put(key: string, body: Body<"PUT", KeyOf<K>>, options?: CallOptions): Promise<Answer<"PUT", KeyOf<K>>> {
    return (await this.#transport.send("PUT", this.#one(), { path: { key }, body, ...options })).body as Answer<"PUT", KeyOf<K>>;
  }

  #one(): string {
    return `/v1/${this.#kind}/{key}` satisfies PathOf<"GET"> | "/v1/plans/{key}";
  }
}

/** All that is sold, as one document. */
export class Catalog {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  get(options?: CallOptions): Promise<Answer<"GET", "/v1/catalog">> {
    return this.#transport.request("GET", "/v1/catalog", options);
  }

  /** Makes the catalog what `document` says, and answers what that changed; `dryRun` answers it and changes nothing. */
  push(
    document: Body<"PUT", "/v1/catalog">,
    { dryRun, ...options }: CallOptions & { dryRun?: boolean } = {},
  ): Promise<Answer<"PUT", "/v1/catalog">> {
    return this.#transport.request("PUT", "/v1/catalog", { body: document, query: dryRun ? { dry_run: true } : {}, ...options });
  }

  /** What something would cost, without storing anything. */
  quote(body: Body<"POST", "/v1/quote">, options?: CallOptions): Promise<Answer<"POST", "/v1/quote">> {
    return this.#transport.request("POST", "/v1/quote", { body, ...options });
  }
}
