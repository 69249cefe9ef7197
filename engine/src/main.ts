/** The command line: `billwright serve`, `billwright start`, and the rest of `cli/`. */
import { migrateCommand } from "./cli/migrate.ts";
import { buildProgram } from "./cli/program.ts";
import { serveCommand } from "./cli/serve.ts";
import { simulateCommand } from "./cli/simulate.ts";
import { startCommand } from "./cli/start.ts";
import { processTerminal } from "./cli/terminal.ts";

const terminal = processTerminal();
const program = buildProgram(terminal);
startCommand(program, terminal);
serveCommand(program, terminal);
migrateCommand(program, terminal);
simulateCommand(program, terminal);
await program.parseAsync();
