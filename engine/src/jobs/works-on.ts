/** Which jobs a process takes on: one that it does not know by its name it leaves to others. Pure. */
import type { Config } from "../config.ts";

/** Retries of webhooks may be switched off, or be left to the processes that do nothing but work. */
export function worksOn({ retryWorker, role }: Pick<Config, "retryWorker" | "role">, name: string): boolean {
  if (name !== "retry-inbound") return true;
  return retryWorker.enabled && (retryWorker.mode === "inline" || role === "worker");
}
