/** `billwright import`: usage from a CSV or NDJSON file, resumable, with the rows that were refused told by line. */
import { existsSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import { stopwatch } from "../clock.ts";
import { speed, startBar } from "./import/bar.ts";
import { parseMapping } from "./import/mapping.ts";
import { runImport } from "./import/run.ts";
import { dropProgress, fingerprint, loadProgress, START } from "./import/state.ts";
import type { Shell } from "./program.ts";
import { table } from "./table.ts";
import { CommandError } from "./terminal.ts";

interface Options {
  map?: string[];
  delimiter?: string;
  batch: number;
  concurrency: number;
  restart?: boolean;
  rejected?: string;
  json?: boolean;
  url?: string;
  key?: string;
}

// Some two minutes: a restart of the engine does not end an import.
const PATIENCE = 18;

const HELP = `
Mapping:
  --map tenant_id=tenant,event=llm_request,at=ts,idempotency_key=event_id,amount=n,properties.model=model
  event=name is a fixed name; every other field=name is a column. @name is a column and 'text' a fixed text, always.
  Columns that are not mapped become properties, unless the mapping names properties itself; properties=* then adds the rest.
  Without idempotency_key each row is identified by the file and its line, so that nothing is counted twice.
  NDJSON without --map: each line is an event as the API takes it.

A killed import goes on where it was when the same command is given again. Rows that are refused are in FILE.rejected.csv,
with the line and the reason; mend them there and import that file with the same mapping.`;

export function importCommand(program: Command, { terminal, api, remote, run }: Shell): void {
  remote(program.command("import").argument("<file>", ".csv, .tsv, .ndjson or .jsonl, also .gz"))
    .description("record usage from a file")
    .option("--map <field=column,...>", "where the fields of an event come from", (text: string, all: string[] = []) => [...all, text])
    .option("--delimiter <character>", "between the columns (a comma, in .tsv a tab)")
    .option("--batch <rows>", "rows in one request, at most 10000", whole(1, 10_000), 1_000)
    .option("--concurrency <n>", "requests in flight", whole(1, 64), 4)
    .option("--rejected <file>", "where refused rows go")
    .option("--restart", "begin anew, whatever an import before has done")
    .option("--json", "the summary as JSON")
    .addHelpText("after", HELP)
    .action(
      run(async (file: string, options: Options) => {
        const engine = api(options, { retries: PATIENCE });
        const mapping = options.map ? parseMapping(options.map) : null;
        const isNdjson = /\.(ndjson|jsonl)(\.gz)?$/i.test(file);
        if (!mapping && !isNdjson)
          throw new CommandError("Say where the fields come from: --map tenant_id=…,event=…,at=…  (--help has more).");
        const { id, size } = await fingerprint(file);
        const statePath = `${file}.import-state.json`;
        const identity = `${id} ${engine.url} ${JSON.stringify(mapping)}`;
        const before = options.restart ? null : await loadProgress(statePath, identity);
        if (before) terminal.err(`Going on after line ${before.line.toLocaleString("en")}, where an import before this one was ended.\n`);
        const from = before ?? START;
        const rejectedPath = options.rejected ?? `${file.replace(/(\.(csv|tsv|ndjson|jsonl))?(\.gz)?$/i, "")}.rejected.csv`;
        const bar = startBar(terminal, size, from.counts.rows);
        const elapsed = stopwatch();
        const counts = await runImport(engine, {
          file,
          fileId: id,
          mapping,
          ...(options.delimiter === undefined ? {} : { delimiter: options.delimiter === "\\t" ? "\t" : options.delimiter }),
          batchSize: options.batch,
          concurrency: options.concurrency,
          statePath,
          identity,
          rejectedPath,
          from,
          onProgress: bar.show,
        })
          .finally(bar.end)
          .catch((error: Error) => {
            if (!existsSync(statePath)) throw error;
            throw new CommandError(`${error.message}\nWhat is settled stays so: the same command again goes on from there.`);
          });
        await dropProgress(statePath);
        if (options.json) terminal.out(`${JSON.stringify({ ...counts, rejected_file: counts.rejected > 0 ? rejectedPath : null })}\n`);
        else {
          const rows = Object.entries(counts).map(([name, count]) => [name, count.toLocaleString("en")]);
          terminal.out(`${table(null, rows)}${speed(counts.rows - from.counts.rows, elapsed())}\n`);
        }
        if (counts.conflicts > 0)
          terminal.err(`${counts.conflicts} rows have a key that was used for other content before; what was stored first stands.\n`);
        if (counts.rejected > 0) {
          terminal.err(`Rows that were refused, with line and reason: ${rejectedPath}\n`);
          terminal.fail();
        }
      }),
    );
}

function whole(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max)
      throw new InvalidArgumentError(`must be a whole number from ${min} to ${max}.`);
    return value;
  };
}
