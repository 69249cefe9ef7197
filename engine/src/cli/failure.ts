/** What keeps an engine from starting, in a sentence that says what to do. */
import { ConfigError } from "../config/env.ts";
import { EmbeddedError } from "../db/embedded/problem.ts";
import { CommandError, type Terminal } from "./terminal.ts";

/** Runs a command that is an engine. What it refuses is one sentence on standard error and exit code 1; a fault of ours keeps its stack. */
export async function orSayWhy(terminal: Terminal, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    terminal.err(`${sentenceOf(error as Error) ?? ((error as Error).stack || String(error))}\n`);
    terminal.fail();
  }
}

export function sentenceOf(error: Error): string | null {
  if (error instanceof CommandError || error instanceof ConfigError) return error.message;
  // What PostgreSQL itself said follows on lines of its own, and is noise where the cause was recognised.
  if (error instanceof EmbeddedError) return error.message.includes("lines below") ? error.message : error.message.split("\n", 1)[0]!;
  return databaseSentence(error) ?? diskSentence(error);
}

function databaseSentence(error: Error): string | null {
  const code = (error as { code?: string }).code ?? "";
  const check = "Check DATABASE_URL (leave it out to use the built-in PostgreSQL)";
  if (
    /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH)$/.test(code) ||
    /timeout exceeded when trying to connect/.test(error.message)
  )
    return `The database cannot be reached (${code || "no answer in 10 seconds"}). ${check}, and that the server runs.`;
  if (/^28/.test(code)) return `The database refuses the user or the password: ${error.message}. ${check}.`;
  if (code === "3D000") return `The server has no such database: ${error.message}. Create it (createdb), or check DATABASE_URL.`;
  if (code === "42501")
    return `The database does not allow what the engine needs: ${error.message}. Give its user the right to create tables.`;
  if (/^Migration /.test(error.message)) return error.message;
  return null;
}

function diskSentence(error: Error): string | null {
  const { code, path } = error as NodeJS.ErrnoException;
  if (path === undefined) return null;
  if (code === "EACCES" || code === "EPERM" || code === "EROFS")
    return `Billwright may not write to ${path}. Make it writable for the user that runs Billwright, or choose another folder with BILLWRIGHT_DATA_DIR.`;
  if (code === "ENOSPC") return `The disk that holds ${path} is full. Free some space, then start again.`;
  return null;
}
