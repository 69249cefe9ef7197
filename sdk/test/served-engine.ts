/** A real engine on a real port, behind a proxy that can break the network, and clients of it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createWorld, TEST_KEY, type World } from "../../engine/test/world.ts";
import { Billwright, type BillwrightOptions } from "../src/node.ts";
import { type FaultProxy, faultProxy } from "./fault-proxy.ts";

export interface ServedEngine {
  world: World;
  url: string;
  proxy: FaultProxy;
  /** Through the proxy, its usage in memory if nothing else is said; closed with the engine. */
  client(options?: Partial<BillwrightOptions>): Billwright;
  /** A folder that is gone afterwards. */
  folder(): Promise<string>;
  close(): Promise<void>;
}

export const KEY = TEST_KEY;

export async function serveEngine(options?: Parameters<typeof createWorld>[0]): Promise<ServedEngine> {
  const world = await createWorld(options);
  const url = await world.billing.app.listen({ port: 0, host: "127.0.0.1" });
  const proxy = await faultProxy(Number(new URL(url).port));
  const clients: Billwright[] = [];
  const folders: string[] = [];
  return {
    world,
    url,
    proxy,
    client: (more = {}) => {
      const client = new Billwright({ url: proxy.url, apiKey: TEST_KEY, usage: { spool: "memory", interval: 20 }, ...more });
      clients.push(client);
      return client;
    },
    folder: async () => {
      const path = await mkdtemp(join(tmpdir(), "billwright-client-"));
      folders.push(path);
      return path;
    },
    close: async () => {
      for (const client of clients) await client.close({ timeout: 0 });
      await proxy.close();
      await world.close();
      for (const path of folders) await rm(path, { recursive: true, force: true });
    },
  };
}

/** Waits until it is so; the last failure is what is thrown. */
export async function eventually(look: () => void | Promise<void>, ms = 10_000): Promise<void> {
  const end = Date.now() + ms;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

export const CATALOG = {
  meters: [
    { key: "tokens", event: "llm", aggregation: "sum" as const, property: "n" },
    { key: "reports", event: "report", aggregation: "count" as const },
  ],
  features: [
    { key: "chat", type: "boolean" as const },
    { key: "sso", type: "boolean" as const },
    { key: "reports", type: "metered" as const, meter: "reports" },
    { key: "tokens", type: "metered" as const, meter: "tokens" },
    { key: "support_level", type: "config" as const },
    { key: "theme", type: "config" as const },
  ],
  plans: [
    {
      key: "pro",
      name: "Pro",
      currency: "usd",
      interval: "month" as const,
      default: true,
      prices: [{ key: "base", type: "flat" as const, amount: 2900, timing: "in_advance" as const }],
      entitlements: [
        { feature: "chat", enabled: true },
        { feature: "reports", limit: 3, window: "day" as const, enforcement: "hard" as const },
        { feature: "tokens", limit: 1_000, window: "month" as const, enforcement: "hard" as const },
        { feature: "support_level", value: "priority" },
        { feature: "theme", value: { color: "green" } },
      ],
    },
  ],
};
