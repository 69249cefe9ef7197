/** `billwright keys`: make, list and revoke API keys. */
import type { Command } from "commander";
import { SCOPES } from "../auth/principal.ts";
import type { Shell } from "./program.ts";
import { table } from "./table.ts";
import { CommandError } from "./terminal.ts";

interface Key {
  id: string;
  name: string;
  prefix: string;
  scopes: string[];
  tenant_id: string | null;
  expires_at: string | null;
  revoked_at: string | null;
  last_used_at: string | null;
  secret?: string;
}
interface Remote {
  url?: string;
  key?: string;
  json?: boolean;
}

export function keyCommands(program: Command, { terminal, api, remote, run }: Shell): void {
  const keys = program.command("keys").description("make, list and revoke API keys");

  remote(keys.command("create"))
    .description("make a key; its secret is shown once")
    .requiredOption("--name <name>", "what it is for")
    .requiredOption("--scope <scope...>", `one or more of ${SCOPES.join(", ")}`)
    .option("--tenant <tenant_id>", "confine it to this tenant")
    .option("--expires <instant>", "RFC 3339, such as 2027-01-01T00:00:00Z")
    .option("--json", "the answer as JSON")
    .action(
      run(async (options: Remote & { name: string; scope: string[]; tenant?: string; expires?: string }) => {
        const unknown = options.scope.find((scope) => !(SCOPES as readonly string[]).includes(scope));
        if (unknown !== undefined) throw new CommandError(`There is no scope ${unknown}; there are ${SCOPES.join(", ")}.`);
        const made = await api(options).request<Key>("POST", "/v1/api-keys", {
          name: options.name,
          scopes: options.scope,
          ...(options.tenant === undefined ? {} : { tenant_id: options.tenant }),
          ...(options.expires === undefined ? {} : { expires_at: options.expires }),
        });
        if (options.json) terminal.out(`${JSON.stringify(made, null, 2)}\n`);
        else {
          terminal.err(`Made ${made.id} (${made.name}: ${made.scopes.join(", ")}). The secret is shown this once:\n`);
          terminal.out(`${made.secret}\n`);
        }
      }),
    );

  remote(keys.command("list"))
    .description("all keys, newest first")
    .option("--json", "the answer as JSON")
    .action(
      run(async (options: Remote) => {
        const engine = api(options);
        const all: Key[] = [];
        for (let cursor: string | null = ""; cursor !== null; ) {
          const page: { items: Key[]; next_cursor: string | null } = await engine.request("GET", `/v1/api-keys?limit=100&cursor=${cursor}`);
          all.push(...page.items);
          cursor = page.next_cursor;
        }
        if (options.json) terminal.out(`${JSON.stringify(all, null, 2)}\n`);
        else terminal.out(table(["id", "name", "begins", "scopes", "tenant", "expires", "last used", "state"], all.map(rowOf)));
      }),
    );

  remote(keys.command("revoke").argument("<id>", "key_…"))
    .description("refuse a key from now on")
    .action(
      run(async (id: string, options: Remote) => {
        const key = await api(options).request<Key>("DELETE", `/v1/api-keys/${encodeURIComponent(id)}`);
        terminal.out(`Revoked ${key.id} (${key.name}).\n`);
      }),
    );
}

function rowOf(key: Key) {
  return [
    key.id,
    key.name,
    `${key.prefix}…`,
    key.scopes.join(" "),
    key.tenant_id,
    key.expires_at,
    key.last_used_at ?? "never",
    key.revoked_at === null ? "active" : `revoked ${key.revoked_at}`,
  ];
}
