/** Random numbers that are the same on every machine and in every run: sfc32, seeded by a text. For simulations only. */

export interface Random {
  /** In [0, 1). */
  next(): number;
  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** Log-normal: the heavy tail of sizes in real life. Half of the values lie below `median`. */
  heavy(median: number, sigma: number): number;
  /** How many of the things that happen `mean` times in an hour happen in this one. */
  poisson(mean: number): number;
}

/** The same seed gives the same numbers; different texts give unrelated ones. */
export function seeded(seed: string): Random {
  const next = sfc32(hash(seed, 1), hash(seed, 2), hash(seed, 3));
  // Box-Muller; 1 - x keeps the logarithm's argument above zero.
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return {
    next,
    whole: (low, high) => low + Math.floor(next() * (high - low + 1)),
    chance: (probability) => next() < probability,
    pick: (items) => items[Math.floor(next() * items.length)]!,
    heavy: (median, sigma) => median * Math.exp(sigma * normal()),
    poisson: (mean) => (mean > 40 ? Math.max(0, Math.round(mean + Math.sqrt(mean) * normal())) : knuth(mean, next)),
  };
}

function knuth(mean: number, next: () => number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = next(); product > limit; product *= next()) count += 1;
  return count;
}

// Chris Doty-Humphrey's small fast counting generator, on 32-bit integers.
function sfc32(a: number, b: number, c: number): () => number {
  let counter = 1;
  const step = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4_294_967_296;
  };
  for (let i = 0; i < 12; i++) step();
  return step;
}

// FNV-1a over the text, salted, then mixed so that texts that differ in one letter have nothing in common.
function hash(text: string, salt: number): number {
  let value = 2_166_136_261 ^ salt;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 16_777_619);
  value = Math.imul(value ^ (value >>> 16), 2_246_822_507);
  return (value ^ (value >>> 13)) | 0;
}
