/** `billwright replay`: has what gateways sent worked on again, one by its id or all that are so, such as what was given up. */
import type { Command } from "commander";
import { type Inbound, type InboundFilter, idOf, readInbound, withFilter } from "./inbound.ts";
import type { Shell } from "./program.ts";
import { CommandError } from "./terminal.ts";

type Options = InboundFilter & { url?: string; key?: string; dead?: boolean };

export function replayCommand(program: Command, { terminal, api, remote, run }: Shell): void {
  const command = program
    .command("replay")
    .argument("[event]", "in_…, as `billwright inbound list` names it, or the gateway's own id of it");
  withFilter(remote(command))
    .description("work again on a webhook that came in; what it did before is not done twice")
    .option("--dead", "all that were given up: the same as --state dead")
    .action(
      run(async (event: string | undefined, { dead, ...options }: Options) => {
        const state = dead === true ? "dead" : options.state;
        if ((event === undefined) === (state === undefined)) throw new CommandError("Name one event, or say --dead, or another --state.");
        const engine = api(options);
        const again = async (id: string) => {
          const one = await engine.request<Inbound>("POST", `/v1/inbound-events/${encodeURIComponent(id)}/replay`);
          terminal.out(`${one.id}  ${one.gateway}  ${one.type}  is worked on again\n`);
        };
        if (event !== undefined) return again(await idOf(engine, event));
        const all = await readInbound(engine, { ...options, state: state! });
        for (const { id } of all) await again(id);
        terminal.out(all.length === 0 ? `Nothing is ${state === "dead" ? "given up" : state}.\n` : `${all.length} in all.\n`);
      }),
    );
}
