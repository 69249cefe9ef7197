/** A place in the one order of events: how far somebody has read. */
import type { Position } from "./history.ts";

export interface Place {
  readonly xid: bigint;
  readonly seq: bigint;
}

export const START: Place = { xid: 0n, seq: 0n };
/** Behind everything there will ever be. */
export const END: Place = { xid: 2n ** 64n - 1n, seq: 0n };

export function placeOf(row: Position): Place {
  return { xid: BigInt(row.xid), seq: BigInt(row.seq) };
}

/** Behind every event of the transactions before `xid`, before all of its own. */
export function before(xid: string): Place {
  return { xid: BigInt(xid), seq: 0n };
}

export function isAfter(a: Place, b: Place): boolean {
  return a.xid === b.xid ? a.seq > b.seq : a.xid > b.xid;
}

export function later(a: Place, b: Place): Place {
  return isAfter(a, b) ? a : b;
}
