/** The command line: `billwright serve`, `billwright start`, and the rest of `cli/`. */
import { enableCompileCache } from "node:module";

// Reading some hundred files of TypeScript takes most of the time of a short command: kept, the next start takes less than half.
enableCompileCache();
const { runProgram } = await import("./cli/run.ts");
await runProgram();
