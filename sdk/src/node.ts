/** The client in Node, where usage waits on disk. Importing `@billwright/client` in Node imports this. */
import { Billwright as Client, type BillwrightOptions as ClientOptions } from "./client.ts";
import { type DiskSpoolOptions, diskSpool } from "./usage/disk-spool.ts";
import type { OpenSpool } from "./usage/spool.ts";
import type { UsageOptions } from "./usage/usage.ts";

export * from "./client.ts";
export { type DiskSpoolOptions, diskSpool } from "./usage/disk-spool.ts";

export interface BillwrightOptions extends Omit<ClientOptions, "usage"> {
  usage?: UsageOptions & {
    /**
     * Where usage waits for the engine: a directory, `.billwright/usage` of the working directory if not said; made at the first event.
     * "memory" where there is no disk, as in some lambdas: what waits when the process dies is lost.
     */
    spool?: string | DiskSpoolOptions | OpenSpool | "memory";
  };
}

export class Billwright extends Client {
  constructor({ usage = {}, ...options }: BillwrightOptions) {
    const { spool = ".billwright/usage", ...rest } = usage;
    super({ ...options, usage: { ...rest, spool: openSpoolOf(spool) } });
  }
}

function openSpoolOf(spool: string | DiskSpoolOptions | OpenSpool): OpenSpool | "memory" {
  if (typeof spool === "function" || spool === "memory") return spool;
  return diskSpool(typeof spool === "string" ? { directory: spool } : spool);
}
