/** Runs a command of the CLI as a person would, and keeps what it printed. */
import { buildProgram } from "../src/cli/program.ts";
import type { Terminal } from "../src/cli/terminal.ts";

export interface Run {
  out: string;
  err: string;
  code: number;
}

export async function runCommand(args: string[], env: Record<string, string>, options: { fetch?: typeof fetch } = {}): Promise<Run> {
  const run: Run = { out: "", err: "", code: 0 };
  const terminal: Terminal = {
    out: (text) => {
      run.out += text;
    },
    err: (text) => {
      run.err += text;
    },
    interactive: false,
    columns: 80,
    env,
    fail: (code = 1) => {
      run.code = Math.max(run.code, code);
    },
  };
  const program = buildProgram(terminal, options);
  for (const command of [program, ...program.commands, ...program.commands.flatMap((inner) => inner.commands)]) command.exitOverride();
  try {
    await program.parseAsync(["node", "billwright", ...args]);
  } catch (error) {
    if (!("exitCode" in (error as object))) throw error;
    run.code = (error as { exitCode: number }).exitCode;
  }
  return run;
}
