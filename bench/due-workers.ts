/** Runs worker processes over what is due, and measures them together. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const WORKER = fileURLToPath(new URL("./due-worker.ts", import.meta.url));

export interface Work {
  /** Periods moved, by all of them. */
  done: number;
  rate: number;
  /** The largest resident memory that one of them had. */
  peakMiB: number;
  /** The largest heap that one of them has when all is done and its garbage is collected. */
  keptMiB: number;
}

/** `limit`: about how many in all; null: until nothing is due. */
export async function runWorkers(database: string, now: number, count: number, limit: number | null): Promise<Work> {
  const share = limit === null ? "" : String(Math.ceil(limit / count));
  const children = Array.from({ length: count }, () => {
    const child = spawn(process.execPath, [WORKER, database, String(now), share], { stdio: ["pipe", "pipe", "inherit"] });
    return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
  });
  // Starting a process is not part of the run.
  for (const { lines } of children) await lines.next();
  const { seconds, value } = await timed(async () => {
    for (const { child } of children) child.stdin.write("go\n");
    return Promise.all(
      children.map(async ({ lines }) => JSON.parse((await lines.next()).value ?? "{}") as { done: number; peakMiB: number }),
    );
  });
  const kept = await Promise.all(
    children.map(async ({ lines }) => (JSON.parse((await lines.next()).value ?? "{}") as { keptMiB: number }).keptMiB),
  );
  for (const { child } of children) if (child.exitCode === null) await once(child, "exit");
  const done = value.reduce((sum, result) => sum + result.done, 0);
  return { done, rate: done / seconds, peakMiB: Math.max(...value.map((result) => result.peakMiB)), keptMiB: Math.max(...kept) };
}

export async function timed<T>(work: () => Promise<T>): Promise<{ seconds: number; value: T }> {
  const start = performance.now();
  const value = await work();
  return { seconds: (performance.now() - start) / 1_000, value };
}
