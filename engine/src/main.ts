/** The command line: `billwright serve`, `billwright start`, and the rest of `cli/`. */
import { buildProgram } from "./cli/program.ts";

await buildProgram().parseAsync();
