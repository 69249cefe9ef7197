/** Splitting an amount so that nothing is lost or made: a discount over lines, a payment over invoices (domain §1.2). */

/**
 * The parts of `totalMinor` in proportion to `weights`, by the largest remainder: they add up to the total exactly, each
 * lies within one minor unit of its exact share, and all carry the sign of the total. Ties go to the earlier weight, so
 * that the same input is always split the same way. Where all weights are zero the first part takes everything.
 *
 * Throws RangeError on a negative weight, and where something is to be split over no weights at all.
 */
export function allocate(totalMinor: bigint, weights: readonly bigint[]): bigint[] {
  if (totalMinor < 0n) return allocate(-totalMinor, weights).map((part) => -part);
  if (weights.some((weight) => weight < 0n)) throw new RangeError("a weight must not be negative");
  if (weights.length === 0) {
    if (totalMinor === 0n) return [];
    throw new RangeError("there is nothing to allocate the amount to");
  }

  const sum = weights.reduce((total, weight) => total + weight, 0n);
  if (sum === 0n) return weights.map((_, index) => (index === 0 ? totalMinor : 0n));

  const parts = weights.map((weight) => (totalMinor * weight) / sum);
  const left = totalMinor - parts.reduce((total, part) => total + part, 0n);

  // Fewer units are left than there are remainders above zero, so that a zero weight never gets one. The sort is stable.
  const byRemainder = weights
    .map((weight, index) => ({ index, remainder: (totalMinor * weight) % sum }))
    .sort((a, b) => (a.remainder === b.remainder ? 0 : a.remainder > b.remainder ? -1 : 1));
  for (const { index } of byRemainder.slice(0, Number(left))) parts[index]! += 1n;
  return parts;
}
