/** `billwright rotate-secrets`: seals every stored secret anew with the first key of SECRETS_KEY. May be run while engines run that have both keys. */
import type { Command } from "commander";
import { readConfig } from "../config.ts";
import { onPool } from "../db/pool.ts";
import { createSeal, SealError } from "../seal.ts";
import { readSealed, reseal } from "../webhooks/outbound/seal-store.ts";
import { aboutEndpoint } from "../webhooks/outbound/secret.ts";
import type { Shell } from "./program.ts";
import { CommandError } from "./terminal.ts";
import { withDatabase } from "./with-database.ts";

const PAGE = 500;

export function rotateSecretsCommand(program: Command, { terminal, run }: Shell): void {
  program
    .command("rotate-secrets")
    .description("seal stored secrets anew with the first key of SECRETS_KEY; then the others can be dropped from it")
    .action(
      run(async () => {
        const config = readConfig(terminal.env);
        const seal = createSeal(config);
        const [first] = seal.keyIds();
        if (first === undefined) throw new CommandError("SECRETS_KEY is not set, so there is nothing to seal with.");
        const count = await withDatabase(config, { create: false }, async (pool) => {
          const db = onPool(pool);
          let sealed = 0;
          for (let after = "0"; ; ) {
            const rows = await readSealed(db, first, after, PAGE);
            for (const row of rows) {
              const about = aboutEndpoint(row.endpoint_id);
              const next = seal.close(
                opened(() => seal.open({ keyId: row.key_id, sealed: row.sealed }, about)),
                about,
              );
              // One that was ended or sealed anew meanwhile is left as it is.
              if (await reseal(db, row, next)) sealed += 1;
            }
            if (rows.length < PAGE) return sealed;
            after = rows.at(-1)!.no.toString();
          }
        });
        terminal.out(count === 0 ? `Every secret is sealed with ${first} already.\n` : `${count} sealed anew with ${first}.\n`);
      }),
    );
}

function opened(open: () => string): string {
  try {
    return open();
  } catch (error) {
    if (error instanceof SealError)
      throw new CommandError(`Stopped: ${error.message}. Put that key into SECRETS_KEY as well, and run it again.`);
    throw error;
  }
}
