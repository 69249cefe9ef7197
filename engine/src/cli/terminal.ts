/** Where a command reads and writes; a test hands in its own. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** A person is watching: bars, colours and questions make sense. */
  interactive: boolean;
  columns: number;
  env: Record<string, string | undefined>;
  /** Exit code of the process; the highest wins. */
  fail(code?: number): void;
}

export function processTerminal(): Terminal {
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    interactive: process.stdout.isTTY === true && process.stderr.isTTY === true && process.stdin.isTTY === true,
    columns: process.stderr.columns ?? 80,
    env: process.env,
    fail: (code = 1) => {
      process.exitCode = Math.max(code, Number(process.exitCode ?? 0));
    },
  };
}

/** A sentence for the person at the terminal; ends the command with exit code 1 and no stack. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}
