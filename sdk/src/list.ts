/** A list that the engine answers page by page. */
import type { Transport } from "./transport.ts";
import type { CallOptions, ItemOf, PathOf } from "./types.ts";

export interface Page<T> {
  items: T[];
  /** What to give as `cursor` for the page after; null on the last one. */
  next_cursor: string | null;
}

/**
 * `for await (const invoice of client.invoices.list("acme"))` walks all of it, newest first, a page at a time;
 * `await client.invoices.list("acme")` answers the first page alone.
 */
export class List<T> implements AsyncIterable<T>, PromiseLike<Page<T>> {
  readonly #read: (cursor: string | undefined) => Promise<Page<T>>;
  #first: Promise<Page<T>> | null = null;

  constructor(read: (cursor: string | undefined) => Promise<Page<T>>) {
    this.#read = read;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for await (const page of this.pages()) yield* page.items;
  }

  async *pages(): AsyncGenerator<Page<T>, void, undefined> {
    let page = await this.#start();
    for (;;) {
      yield page;
      if (page.next_cursor === null) return;
      page = await this.#read(page.next_cursor);
    }
  }

  /** All of it in memory, at most `limit`. */
  async all(limit = Number.POSITIVE_INFINITY): Promise<T[]> {
    const items: T[] = [];
    for await (const item of this) {
      if (items.length >= limit) break;
      items.push(item);
    }
    return items;
  }

  // biome-ignore lint/suspicious/noThenProperty: a list is asked for, or walked; awaiting it asks for its first page
  then<A = Page<T>, B = never>(
    onfulfilled?: ((page: Page<T>) => A | PromiseLike<A>) | null,
    onrejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#start().then(onfulfilled, onrejected);
  }

  #start(): Promise<Page<T>> {
    this.#first ??= this.#read(undefined);
    return this.#first;
  }
}

interface ListOptions extends Pick<CallOptions, "signal" | "timeout" | "retries"> {
  path?: Record<string, string>;
  query?: Record<string, unknown> | undefined;
  cursor?: string | undefined;
}

/** The list at `path`; nothing is asked before it is awaited or walked. */
export function listOf<P extends PathOf<"GET">>(transport: Transport, path: P, options: ListOptions = {}): List<ItemOf<P>> {
  const { query, cursor: from, ...rest } = options;
  return new List(
    async (cursor) => (await transport.send("GET", path, { ...rest, query: { ...query, cursor: cursor ?? from } })).body as Page<ItemOf<P>>,
  );
}
