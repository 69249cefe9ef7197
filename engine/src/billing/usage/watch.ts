/** Who wants to know of the usage that this process stores: the limits above, which are told without being imported. */
import type { UsageEvent } from "./event.ts";

/** A statement that stores events, from before it began. */
export interface Storing {
  readonly since: number;
}

export interface UsageWatch {
  /** A statement that stores events is about to begin. */
  begin(): Storing;
  /**
   * They are durable; `known` are the places of those that had been stored before. Without a `storing` it is not known when the
   * statement began, or whether it was carried out at all: what was counted before is to be counted again. Must not throw or wait.
   */
  stored(storing: Storing | null, events: readonly UsageEvent[], known: ReadonlySet<number>): void;
}
