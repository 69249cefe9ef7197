/** Metrics as Prometheus reads them: the one file that knows its library. */
import { collectDefaultMetrics, type Metric, Registry } from "prom-client";
import type { Sample, Tally } from "./tally.ts";

export const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

// Of the process, whoever else runs in it: memory, garbage collection, the lag of the event loop. From the first question on.
let ofProcess: Registry | null = null;

export interface Exposition {
  text(): Promise<string>;
}

export function prometheus(tallies: readonly Tally[]): Exposition {
  const registry = new Registry();
  for (const tally of tallies) registry.registerMetric(metricOf(tally) as Metric);
  return {
    text: async () => {
      if (!ofProcess) {
        ofProcess = new Registry();
        collectDefaultMetrics({ register: ofProcess });
      }
      return `${await registry.metrics()}\n${await ofProcess.metrics()}`;
    },
  };
}

const read = async (tally: Tally): Promise<Sample[]> => tally.samples();

/** What the registry asks of a metric is its name and its values. */
function metricOf(tally: Tally): unknown {
  const { name, help, type } = tally;
  return {
    name,
    help,
    type,
    // What cannot be read just now is left out: the rest says why.
    get: async () => ({ name, help, type, aggregator: "sum", values: await read(tally).catch(() => []) }),
    reset: () => undefined,
  };
}
