/** An engine as a process of its own: what it prints, and how it ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const running = new Set<ChildProcess>();

export interface Started {
  /** Resolves with all that was printed so far once it holds the text; rejects if the process ends before. */
  until(text: string): Promise<string>;
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** Exit code and what went to standard error, of a process that ends by itself. */
  ended(): Promise<{ code: number | null; err: string }>;
}

export function startEngine(command: string[], env: Record<string, string>): Started {
  const child = spawn(process.execPath, [MAIN, ...command], {
    env: { PATH: process.env.PATH, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  const closed = once(child, "close").then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  return {
    until: (text) =>
      new Promise((resolve, reject) => {
        const look = () => out.includes(text) && resolve(out);
        child.stdout.on("data", look);
        void closed.then((code) => reject(new Error(`It ended with ${code} before it printed ${text}:\n${out}\n${err}`)));
        look();
      }),
    end: (signal) => {
      child.kill(signal);
      return closed;
    },
    ended: async () => ({ code: await closed, err }),
  };
}

/** For the end of a test, whatever became of it. */
export function killEngines(): void {
  for (const child of running) child.kill("SIGKILL");
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, "127.0.0.1", () => {
      const { port: free } = probe.address() as { port: number };
      probe.close(() => resolve(free));
    });
  });
}
