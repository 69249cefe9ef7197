/** The commands that ask a running engine or its database, and what they share. `main.ts` adds those that are an engine. */
import { Command } from "commander";
import { ConfigError } from "../config/env.ts";
import { readClientConfig } from "../config.ts";
import { type Api, ApiError, createApi } from "./api.ts";
import { catalogCommands } from "./catalog.ts";
import { doctorCommand } from "./doctor.ts";
import { importCommand } from "./import.ts";
import { inboundCommands } from "./inbound.ts";
import { invoiceCommands } from "./invoice.ts";
import { keyCommands } from "./keys.ts";
import { replayCommand } from "./replay.ts";
import { rotateSecretsCommand } from "./rotate-secrets.ts";
import { statementCommands } from "./statement.ts";
import { stripeCommand } from "./stripe.ts";
import { CommandError, processTerminal, type Terminal } from "./terminal.ts";
import { verifyCommand } from "./verify.ts";

/** What a command is given beside its own options. */
export interface Shell {
  terminal: Terminal;
  /** The engine that `--url` and `--key`, or the environment, name. */
  api(options: { url?: string; key?: string }, patience?: { retries: number }): Api;
  /** Adds `--url` and `--key`. */
  remote(command: Command): Command;
  /** Runs a command's action: what it refuses is said in a sentence, and the exit code is 1. */
  run<A extends unknown[]>(action: (...args: A) => Promise<void>): (...args: A) => Promise<void>;
}

export function buildProgram(terminal: Terminal = processTerminal(), options: { fetch?: typeof fetch } = {}): Command {
  const program = new Command("billwright")
    .description("The billing engine: catalog as code, usage, subscriptions, invoices.")
    .showHelpAfterError("(add --help for what there is)")
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) });
  const shell: Shell = {
    terminal,
    api: (given, patience = undefined) => createApi(readClientConfig(given, terminal.env), { ...options, ...patience }),
    remote: (command) =>
      command
        .option("--url <url>", "address of the engine (BILLWRIGHT_URL, else http://localhost:4400)")
        .option("--key <key>", "API key (BILLWRIGHT_API_KEY)"),
    run:
      (action) =>
      async (...args) => {
        try {
          await action(...args);
        } catch (error) {
          if (!(error instanceof CommandError || error instanceof ConfigError || error instanceof ApiError)) throw error;
          terminal.err(`${error.message}\n`);
          terminal.fail();
        }
      },
  };
  catalogCommands(program, shell);
  keyCommands(program, shell);
  importCommand(program, shell);
  invoiceCommands(program, shell);
  statementCommands(program, shell);
  inboundCommands(program, shell);
  replayCommand(program, shell);
  rotateSecretsCommand(program, shell);
  verifyCommand(program, terminal);
  doctorCommand(program, terminal);
  stripeCommand(program, terminal);
  return program;
}
