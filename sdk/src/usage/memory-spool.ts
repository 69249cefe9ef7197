/** The spool of runtimes without a disk. In a browser it is mirrored in localStorage, so that a closed tab loses nothing. */
import { bytesOf, Room } from "./room.ts";
import type { Batch, OpenSpool, Spool, SpoolLimits } from "./spool.ts";

interface Held {
  line: string;
  bytes: number;
  key: string | null;
}

/** The part of localStorage that is needed. */
export type KeyValueStore = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

/** `storage`: null keeps lines in memory alone. `name` separates the queues of several engines or people in one storage. */
export function memorySpool(storage: KeyValueStore | null, name = "default"): OpenSpool {
  return async (limits, onChange) => {
    const spool = new MemorySpool(storage, `billwright:${name}:`, limits, onChange);
    await spool.adopt();
    return spool;
  };
}

class MemorySpool implements Spool {
  readonly #held: Held[] = [];
  readonly #room: Room;
  readonly #limits: SpoolLimits;
  readonly #storage: KeyValueStore | null;
  readonly #prefix: string;
  readonly #tab = crypto.randomUUID();
  readonly #onChange: () => void;
  #count = 0;
  #flying = 0;
  #letGo: () => void = () => undefined;

  constructor(storage: KeyValueStore | null, prefix: string, limits: SpoolLimits, onChange: () => void) {
    this.#storage = storage;
    this.#prefix = prefix;
    this.#limits = limits;
    this.#onChange = onChange;
    this.#room = new Room(limits, async () => this.#drop());
  }

  get pending(): number {
    return this.#held.length;
  }

  get isDurable(): boolean {
    return this.#storage !== null;
  }

  async append(line: string): Promise<void> {
    const bytes = bytesOf(line);
    await this.#room.take(bytes);
    this.#held.push({ line, bytes, key: this.#mirror(line) });
    this.#onChange();
  }

  async next(max: { count: number; bytes: number }): Promise<Batch> {
    let bytes = 0;
    let count = 0;
    for (const held of this.#held) {
      if (count === max.count || (count > 0 && bytes + held.bytes > max.bytes)) break;
      bytes += held.bytes;
      count += 1;
    }
    this.#flying = count;
    return { lines: this.#held.slice(0, count).map(({ line }) => line), mark: count };
  }

  async done(batch: Batch): Promise<void> {
    this.#flying = 0;
    for (const { key, bytes } of this.#held.splice(0, batch.lines.length)) {
      if (key !== null) this.#storage?.removeItem(key);
      this.#room.give(bytes);
    }
  }

  async setAside(): Promise<void> {
    // There is no place that a person would find: the callback has it.
  }

  async close(): Promise<void> {
    this.#letGo();
  }

  /** Takes over what tabs that are gone left behind; where the browser cannot say which are gone, of all: what is sent twice counts once. */
  async adopt(): Promise<void> {
    const storage = this.#storage;
    if (!storage) return;
    await this.#lockOwn();
    const left = new Map<string, string[]>();
    for (let i = 0; i < storage.length; i++) {
      const key = storage.key(i);
      if (!key?.startsWith(this.#prefix)) continue;
      const tab = key.slice(this.#prefix.length).split(":")[0]!;
      left.set(tab, [...(left.get(tab) ?? []), key]);
    }
    for (const [tab, keys] of left) {
      if (!(await this.#isGone(tab))) continue;
      for (const key of keys.sort()) {
        const line = storage.getItem(key);
        if (line === null) continue;
        const bytes = bytesOf(line);
        this.#room.found(bytes);
        this.#held.push({ line, bytes, key });
      }
    }
  }

  async #isGone(tab: string): Promise<boolean> {
    if (tab === this.#tab) return false;
    const locks = globalThis.navigator?.locks;
    if (!locks) return true;
    // Held on for as long as this tab lives, so that one tab alone takes it over.
    return new Promise((answer) => {
      void locks.request(this.#prefix + tab, { ifAvailable: true }, (lock) => {
        answer(lock !== null);
        return lock === null ? undefined : this.#untilClosed();
      });
    });
  }

  #lockOwn(): Promise<void> {
    const locks = globalThis.navigator?.locks;
    if (!locks) return Promise.resolve();
    return new Promise((have) => {
      void locks.request(this.#prefix + this.#tab, () => {
        have();
        return this.#untilClosed();
      });
    });
  }

  #untilClosed(): Promise<void> {
    return new Promise((resolve) => {
      const others = this.#letGo;
      this.#letGo = () => {
        others();
        resolve();
      };
    });
  }

  #mirror(line: string): string | null {
    if (!this.#storage) return null;
    const key = `${this.#prefix}${this.#tab}:${String(this.#count++).padStart(12, "0")}`;
    try {
      this.#storage.setItem(key, line);
      return key;
    } catch {
      // The browser's own quota: memory still holds it.
      return null;
    }
  }

  #drop(): number {
    const dropped = this.#held.splice(this.#flying, Math.max(1, this.#held.length >> 3));
    for (const { key, bytes } of dropped) {
      if (key !== null) this.#storage?.removeItem(key);
      this.#room.give(bytes);
    }
    if (dropped.length > 0) this.#limits.onDropped(dropped.map(({ line }) => line));
    return dropped.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}
