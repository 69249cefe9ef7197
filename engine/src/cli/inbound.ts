/** `billwright inbound`: what gateways sent, and what became of it; and what of it a command means. */
import type { Command } from "commander";
import type { Api } from "./api.ts";
import type { Shell } from "./program.ts";
import { table } from "./table.ts";
import { CommandError } from "./terminal.ts";

export const STATES = ["pending", "working", "done", "ignored", "failed", "dead"] as const;

export interface Inbound {
  id: string;
  gateway: string;
  event_id: string;
  type: string;
  tenant_id: string | null;
  state: string;
  deliveries: number;
  attempts: number;
  last_error: string | null;
  received_at: string;
}

export interface InboundFilter {
  state?: string;
  gateway?: string;
  type?: string;
  tenant?: string;
  event?: string;
}

interface Remote {
  url?: string;
  key?: string;
  json?: boolean;
}

export function inboundCommands(program: Command, shell: Shell): void {
  const { terminal, api, remote, run } = shell;
  const inbound = program.command("inbound").description("what gateways sent, and what became of it");

  withFilter(remote(inbound.command("list")))
    .description("what came in, newest first")
    .option("--limit <n>", "at most so many", "50")
    .option("--json", "the answer as JSON")
    .action(
      run(async (options: Remote & InboundFilter & { limit: string }) => {
        const limit = Number(options.limit);
        if (!Number.isInteger(limit) || limit < 1) throw new CommandError("--limit: must be a whole number from 1.");
        const all = await readInbound(api(options), options, limit);
        if (options.json) terminal.out(`${JSON.stringify(all, null, 2)}\n`);
        else if (all.length === 0) terminal.out("Nothing came in that is so.\n");
        else terminal.out(table(["id", "gateway", "type", "tenant", "state", "sent", "tries", "received", "why"], all.map(rowOf)));
      }),
    );

  remote(inbound.command("show").argument("<event>", "in_…, or the gateway's own id of it"))
    .description("one of them, with the body as it came")
    .action(
      run(async (event: string, options: Remote) => {
        const engine = api(options);
        const one = await engine.request("GET", `/v1/inbound-events/${encodeURIComponent(await idOf(engine, event))}`);
        terminal.out(`${JSON.stringify(one, null, 2)}\n`);
      }),
    );
}

export function withFilter(command: Command): Command {
  return command
    .option("--state <state>", `one of ${STATES.join(", ")}`)
    .option("--gateway <name>", "only those of this gateway")
    .option("--type <type>", "only events of this type, such as charge.refunded")
    .option("--tenant <tenant_id>", "only those that concern this tenant")
    .option("--event <id>", "only the one that the gateway calls so");
}

/** All that there are up to `most`, before anything is done about any: what changes meanwhile would come up for ever. */
export async function readInbound(engine: Api, filter: InboundFilter, most = Number.POSITIVE_INFINITY): Promise<Inbound[]> {
  if (filter.state !== undefined && !(STATES as readonly string[]).includes(filter.state))
    throw new CommandError(`There is no state ${filter.state}; there are ${STATES.join(", ")}.`);
  const asked = { state: filter.state, gateway: filter.gateway, type: filter.type, tenant_id: filter.tenant, event_id: filter.event };
  const query = Object.entries(asked).flatMap(([name, value]) => (value === undefined ? [] : [`&${name}=${encodeURIComponent(value)}`]));
  const all: Inbound[] = [];
  for (let cursor: string | null = ""; cursor !== null && all.length < most; ) {
    const limit = Math.min(100, most - all.length);
    const page: { items: Inbound[]; next_cursor: string | null } = await engine.request(
      "GET",
      `/v1/inbound-events?limit=${limit}&cursor=${encodeURIComponent(cursor)}${query.join("")}`,
    );
    all.push(...page.items);
    cursor = page.next_cursor;
  }
  return all;
}

/** By the engine's id of it, or by the gateway's. */
export async function idOf(engine: Api, event: string): Promise<string> {
  if (event.startsWith("in_")) return event;
  const found = await readInbound(engine, { event });
  if (found.length === 0) throw new CommandError(`No gateway sent an event ${event}.`);
  if (found.length > 1)
    throw new CommandError(`Several gateways sent an event ${event}: name it by its id, ${found.map(({ id }) => id).join(" or ")}.`);
  return found[0]!.id;
}

function rowOf(one: Inbound) {
  const { id, gateway, type, tenant_id, state, deliveries, attempts, received_at, last_error } = one;
  return [id, gateway, type, tenant_id, state, deliveries, attempts, received_at, last_error];
}
