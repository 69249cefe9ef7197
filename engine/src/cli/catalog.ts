/** `billwright catalog`: a file and the engine's catalog, compared and brought together. */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { confirm, isCancel } from "@clack/prompts";
import type { Command } from "commander";
import type { Change } from "../billing/catalog/diff.ts";
import { type Api, ApiError } from "./api.ts";
import { type CatalogFile, printCatalog, readCatalogFile } from "./catalog-file.ts";
import type { Shell } from "./program.ts";
import { table } from "./table.ts";
import { CommandError } from "./terminal.ts";

interface Remote {
  url?: string;
  key?: string;
  json?: boolean;
}

export function catalogCommands(program: Command, { terminal, api, remote, run }: Shell): void {
  const catalog = program.command("catalog").description("the catalog as code: compare, apply, fetch");

  remote(catalog.command("diff").argument("<file>", ".yaml, .json or .ts"))
    .description("what applying the file would change; changes nothing")
    .option("--json", "the changes as JSON")
    .option("--exit-code", "exit with 1 if there are changes")
    .action(
      run(async (file: string, options: Remote & { exitCode?: boolean }) => {
        const { changes } = await put(api(options), await readCatalogFile(file), "?dry_run=true");
        terminal.out(options.json ? `${JSON.stringify({ changes }, null, 2)}\n` : printChanges(changes));
        if (options.exitCode && changes.some((change) => change.action !== "none")) terminal.fail();
      }),
    );

  remote(catalog.command("push").argument("<file>", ".yaml, .json or .ts"))
    .description("make the engine's catalog what the file says")
    .option("--json", "the changes as JSON")
    .option("-y, --yes", "do not ask")
    .action(
      run(async (file: string, options: Remote & { yes?: boolean }) => {
        const engine = api(options);
        const source = await readCatalogFile(file);
        if (terminal.interactive && !options.yes && !options.json) {
          const { changes } = await put(engine, source, "?dry_run=true");
          terminal.out(printChanges(changes));
          if (changes.every((change) => change.action === "none")) return;
          const answer = await confirm({ message: `Apply this to ${engine.url}?` });
          if (isCancel(answer) || !answer) throw new CommandError("Nothing was changed.");
          await put(engine, source, "");
          terminal.out("Applied.\n");
          return;
        }
        const { changes } = await put(engine, source, "");
        terminal.out(options.json ? `${JSON.stringify({ changes }, null, 2)}\n` : printChanges(changes));
      }),
    );

  remote(catalog.command("pull").argument("[file]", ".yaml, .json or .ts; without it: YAML to the screen"))
    .description("write the engine's catalog to a file")
    .option("--force", "overwrite the file")
    .action(
      run(async (file: string | undefined, options: Remote & { force?: boolean }) => {
        if (file !== undefined && existsSync(file) && !options.force)
          throw new CommandError(`${file} is there already; --force overwrites it.`);
        const document = await api(options).request("GET", "/v1/catalog");
        const printed = printCatalog(document, file ?? null);
        if (file === undefined) terminal.out(printed);
        else {
          await writeFile(file, printed);
          terminal.out(`Wrote ${file}.\n`);
        }
      }),
    );
}

async function put(engine: Api, source: CatalogFile, query: string): Promise<{ changes: Change[] }> {
  try {
    return await engine.request("PUT", `/v1/catalog${query}`, source.document);
  } catch (error) {
    if (!(error instanceof ApiError) || error.faults.length === 0) throw error;
    const lines = error.faults.map(({ path, message }) => [source.place(path), path, message]);
    throw new CommandError(`The engine refused the catalog; nothing was changed.\n${table(null, lines)}`.trimEnd());
  }
}

const SIGNS = { create: "+", update: "~", archive: "-", none: " " } as const;

/** Changes as lines, unchanged things only counted. */
export function printChanges(changes: readonly Change[]): string {
  const count = (action: Change["action"]) => changes.filter((change) => change.action === action).length;
  const rows = changes
    .filter((change) => change.action !== "none")
    .map((change) => [SIGNS[change.action], change.kind.replace("_", " "), change.key, wordsOf(change)]);
  const sums = `${count("create")} new, ${count("update")} changed, ${count("archive")} archived, ${count("none")} as they were.\n`;
  return rows.length === 0 ? `No changes: ${count("none")} things are as declared.\n` : `${table(null, rows)}${sums}`;
}

function wordsOf({ kind, action, fields, version }: Change): string {
  if (action !== "update") return "";
  const sold = kind === "plan" && version !== undefined ? ` (version ${version})` : "";
  return `${fields.join(", ")}${sold}`;
}
