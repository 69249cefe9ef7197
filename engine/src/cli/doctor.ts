/** `billwright doctor`: what an engine here would find, and what to do where it is not well. Changes nothing. */
import { styleText } from "node:util";
import type { Command } from "commander";
import { ConfigError } from "../config/env.ts";
import { type Config, readConfig } from "../config.ts";
import type { Pool } from "../db/pool.ts";
import { clockFinding, eventOrderFinding, jobFindings, migrationsFinding, serverFindings } from "./doctor/database.ts";
import { bad, type Finding, ok, warn } from "./doctor/finding.ts";
import { diskFinding, folderFinding, nodeFinding, portFinding } from "./doctor/machine.ts";
import { secretsFinding } from "./doctor/secrets.ts";
import { sentenceOf } from "./failure.ts";
import { table } from "./table.ts";
import { CommandError, type Terminal } from "./terminal.ts";
import { withDatabase } from "./with-database.ts";

export function doctorCommand(program: Command, terminal: Terminal): void {
  program
    .command("doctor")
    .description("look at Node, the disk, the database, its jobs and its clock; exit code 1 if anything is bad")
    .option("--json", "the findings as JSON")
    .action(async ({ json }: { json?: boolean }) => {
      const findings = await examine(terminal);
      const well = findings.every(({ state }) => state !== "bad");
      terminal.out(json ? `${JSON.stringify({ ok: well, findings }, null, 2)}\n` : print(findings));
      if (!well) terminal.fail();
    });
}

async function examine(terminal: Terminal): Promise<Finding[]> {
  const node = nodeFinding(process.versions.node);
  try {
    const config = readConfig(terminal.env);
    const settings = ok("environment", `mode ${config.mode}, every setting makes sense`);
    const machine = [node, settings, folderFinding(config), await diskFinding(config), await portFinding(config)];
    return [...machine, ...(await examineDatabase(config))];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [node, bad("environment", error.message, ".env.example lists every setting with its meaning.")];
  }
}

async function examineDatabase(config: ReturnType<typeof readConfig>): Promise<Finding[]> {
  try {
    return await withDatabase(config, { create: false }, async (pool) => {
      const migrations = await migrationsFinding(pool);
      const outside = [...(await serverFindings(pool, config)), migrations, await clockFinding(pool)];
      return [...outside, ...(await examineTables(pool, config))];
    });
  } catch (error) {
    if (error instanceof CommandError) return [warn("PostgreSQL", "no database is there yet", error.message)];
    const sentence = sentenceOf(error as Error);
    if (sentence === null) throw error;
    return [bad("PostgreSQL", "cannot be asked", sentence)];
  }
}

async function examineTables(pool: Pool, config: Config): Promise<Finding[]> {
  try {
    return [...(await jobFindings(pool)), await eventOrderFinding(pool), await secretsFinding(pool, config)];
  } catch (error) {
    // A table or a column that a migration is still to make; that was told already.
    if (!/^(42P01|42703|3F000)$/.test((error as { code?: string }).code ?? "")) throw error;
    return [];
  }
}

const STYLES = { ok: "green", warn: "yellow", bad: "red" } as const;

function print(findings: readonly Finding[]): string {
  const lines = table(
    null,
    findings.map(({ about, state, says }) => [state, about, says]),
  )
    .trimEnd()
    .split("\n");
  return lines
    .map((line, index) => {
      const { state, advice } = findings[index]!;
      const painted = line.replace(state, styleText(STYLES[state], state));
      return advice === null ? `${painted}\n` : `${painted}\n        ${styleText("dim", "→")} ${advice}\n`;
    })
    .join("");
}
