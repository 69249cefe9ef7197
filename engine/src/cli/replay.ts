/** `billwright replay`: has what gateways sent worked on again, one by its id or all that was given up. */
import type { Command } from "commander";
import type { Shell } from "./program.ts";
import { CommandError } from "./terminal.ts";

interface Inbound {
  id: string;
  gateway: string;
  type: string;
}

export function replayCommand(program: Command, { terminal, api, remote, run }: Shell): void {
  remote(program.command("replay").argument("[event]", "in_…, as GET /v1/inbound-events lists it"))
    .description("work again on a webhook that came in; what it did before is not done twice")
    .option("--dead", "all that were given up")
    .option("--gateway <name>", "with --dead: only those of this gateway")
    .action(
      run(async (event: string | undefined, options: { url?: string; key?: string; dead?: boolean; gateway?: string }) => {
        if ((event === undefined) === (options.dead !== true)) throw new CommandError("Name one event, or say --dead.");
        const engine = api(options);
        const again = async (id: string) => {
          const one = await engine.request<Inbound>("POST", `/v1/inbound-events/${encodeURIComponent(id)}/replay`);
          terminal.out(`${one.id}  ${one.gateway}  ${one.type}  is worked on again\n`);
        };
        if (event !== undefined) return again(event);
        const only = options.gateway === undefined ? "" : `&gateway=${encodeURIComponent(options.gateway)}`;
        const ids: string[] = [];
        // All are listed before any is replayed: one that dies again meanwhile would come up for ever.
        for (let cursor: string | null = ""; cursor !== null; ) {
          const page: { items: Inbound[]; next_cursor: string | null } = await engine.request(
            "GET",
            `/v1/inbound-events?state=dead&limit=100&cursor=${encodeURIComponent(cursor)}${only}`,
          );
          ids.push(...page.items.map(({ id }) => id));
          cursor = page.next_cursor;
        }
        for (const id of ids) await again(id);
        terminal.out(ids.length === 0 ? "Nothing was given up.\n" : `${ids.length} in all.\n`);
      }),
    );
}
