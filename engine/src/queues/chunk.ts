/** A list in pieces that a queue takes. Pure. */

/** In order, each piece with at most so many and, unless one alone is larger, at most so many bytes. */
export function chunk<T>(list: readonly T[], largest: { count: number; bytes: number }, bytesOf: (item: T) => number): T[][] {
  const pieces: T[][] = [];
  let bytes = 0;
  for (const item of list) {
    const size = bytesOf(item);
    const piece = pieces.at(-1);
    if (piece && piece.length < largest.count && bytes + size <= largest.bytes) {
      piece.push(item);
      bytes += size;
    } else {
      pieces.push([item]);
      bytes = size;
    }
  }
  return pieces;
}
