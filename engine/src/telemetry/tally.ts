/** What is counted while work is done: plain numbers, so that it costs next to nothing there. They become text when somebody asks. */

export interface Sample {
  labels: Readonly<Record<string, string>>;
  value: number;
  /** Where it is not the metric's own: `…_bucket`, `…_sum`, `…_count`. */
  metricName?: string;
}

export interface Tally {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "histogram" | "gauge";
  samples(): Sample[] | Promise<Sample[]>;
}

const SEPARATOR = "\n";

export interface Count {
  value: number;
}

export class Counter implements Tally {
  readonly type = "counter";
  readonly name: string;
  readonly help: string;
  readonly #names: readonly string[];
  readonly #values = new Map<string, Count>();

  constructor(name: string, help: string, labels: readonly string[] = []) {
    this.name = name;
    this.help = help;
    this.#names = labels;
    if (labels.length === 0) this.of([]);
  }

  /** For whoever counts often: found once, then only moved. Labels in the order of their names. */
  of(labels: readonly string[]): Count {
    const key = labels.join(SEPARATOR);
    let count = this.#values.get(key);
    if (!count) {
      count = { value: 0 };
      this.#values.set(key, count);
    }
    return count;
  }

  add(labels: readonly string[], by = 1): void {
    this.of(labels).value += by;
  }

  samples(): Sample[] {
    return [...this.#values].map(([key, { value }]) => ({ labels: labelsOf(this.#names, key), value }));
  }
}

export interface Spread {
  readonly bounds: readonly number[];
  /** How many were up to each bound, and not up to the one before. */
  counts: number[];
  sum: number;
  count: number;
}

export class Histogram implements Tally {
  readonly type = "histogram";
  readonly name: string;
  readonly help: string;
  readonly #names: readonly string[];
  readonly #bounds: readonly number[];
  readonly #values = new Map<string, Spread>();

  constructor(name: string, help: string, bounds: readonly number[], labels: readonly string[] = []) {
    this.name = name;
    this.help = help;
    this.#bounds = bounds;
    this.#names = labels;
  }

  of(labels: readonly string[]): Spread {
    const key = labels.join(SEPARATOR);
    let spread = this.#values.get(key);
    if (!spread) {
      spread = { bounds: this.#bounds, counts: this.#bounds.map(() => 0), sum: 0, count: 0 };
      this.#values.set(key, spread);
    }
    return spread;
  }

  observe(labels: readonly string[], value: number): void {
    enter(this.of(labels), value);
  }

  samples(): Sample[] {
    return [...this.#values].flatMap(([key, { counts, sum, count }]) => {
      const labels = labelsOf(this.#names, key);
      let below = 0;
      const buckets = this.#bounds.map((bound, index) => {
        below += counts[index]!;
        return { labels: { ...labels, le: String(bound) }, value: below, metricName: `${this.name}_bucket` };
      });
      return [
        ...buckets,
        { labels: { ...labels, le: "+Inf" }, value: count, metricName: `${this.name}_bucket` },
        { labels, value: sum, metricName: `${this.name}_sum` },
        { labels, value: count, metricName: `${this.name}_count` },
      ];
    });
  }
}

export function enter(spread: Spread, value: number): void {
  const { bounds, counts } = spread;
  spread.sum += value;
  spread.count += 1;
  let place = 0;
  while (place < bounds.length && value > bounds[place]!) place += 1;
  if (place < bounds.length) counts[place]! += 1;
}

/** Read when it is asked for. */
export function gauge(name: string, help: string, samples: () => Sample[] | Promise<Sample[]>): Tally {
  return { name, help, type: "gauge", samples };
}

function labelsOf(names: readonly string[], key: string): Record<string, string> {
  const values = key.split(SEPARATOR);
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? ""]));
}
