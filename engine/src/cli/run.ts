/** Every command of the command line, and the one that is asked for. */
import { migrateCommand } from "./migrate.ts";
import { buildProgram } from "./program.ts";
import { serveCommand } from "./serve.ts";
import { simulateCommand } from "./simulate.ts";
import { startCommand } from "./start.ts";
import { processTerminal } from "./terminal.ts";

export async function runProgram(): Promise<void> {
  const terminal = processTerminal();
  const program = buildProgram(terminal);
  startCommand(program, terminal);
  serveCommand(program, terminal);
  migrateCommand(program, terminal);
  simulateCommand(program, terminal);
  await program.parseAsync();
}
