/**
 * What webhooks out cost those who write, and how many are delivered: transactions that write one event each, with nobody who sends, with a sender and no
 * endpoint, and with one endpoint that is told of each; then how long it takes until the last has been answered by a receiver on the loopback, in the same process.
 * EVENTS (4,000 a round), CONNECTIONS (16) and ROUNDS (3) set the sizes. Rounds take turns; medians count.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ENGINE } from "../engine/src/auth/principal.ts";
import { commit } from "../engine/src/commit.ts";
import { createBillwright } from "../engine/src/engine.ts";
import { benchDatabase } from "./database.ts";
import { report } from "./table.ts";

const EVENTS = Number(process.env.EVENTS ?? 4_000);
const CONNECTIONS = Number(process.env.CONNECTIONS ?? 16);
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const KEY = "bw_test_key_of_the_bench";

const database = await benchDatabase();
const open = (worker: boolean) =>
  createBillwright({
    database: database.url,
    worker: false,
    config: {
      logLevel: "error",
      apiKey: KEY,
      rateLimit: 10_000_000,
      databasePoolSize: CONNECTIONS + (worker ? 4 : 0),
      secretKeys: [{ id: "bench", key: Buffer.alloc(32, 1) }],
      webhooks: { allowPrivate: ["127.0.0.0/8"], timeoutMs: 15_000, disableAfterDays: 5 },
    },
  });
const [writer, sender] = [await open(false), await open(true)];
let received = 0;
const server = createServer((request, response) => {
  request.resume().on("end", () => {
    received += 1;
    response.writeHead(204).end();
  });
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

async function write(): Promise<number> {
  const start = performance.now();
  let left = EVENTS;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (left-- > 0)
        await commit(writer.ctx, { principal: ENGINE, tenantId: "bench" }, async (tx) =>
          tx.emit({ type: "usage.aggregated", tenantId: "bench", subject: null, summary: "A bench.", data: { n: left } }),
        );
    }),
  );
  return (EVENTS / (performance.now() - start)) * 1_000;
}

const ask = async (method: "PUT" | "POST" | "DELETE", url: string, payload?: object) => {
  const answer = await writer.app.inject({ method, url, headers: { authorization: `Bearer ${KEY}` }, ...(payload ? { payload } : {}) });
  return answer.json<{ id: string }>();
};
const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

try {
  await ask("PUT", "/v1/tenants/bench", {});
  await write();
  const rates = { alone: [] as number[], idle: [] as number[], told: [] as number[], delivered: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    rates.alone.push(await write());
    // Where there is no endpoint a sender looks each few seconds; here at every moment.
    let over = false;
    const looking = (async () => {
      while (!over) {
        await sender.ctx.webhooks.work();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    rates.idle.push(await write());
    const { id } = await ask("POST", "/v1/webhook-endpoints", {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      event_types: ["usage.*"],
    });
    received = 0;
    const start = performance.now();
    rates.told.push(await write());
    while (received < EVENTS) await new Promise((resolve) => setTimeout(resolve, 5));
    rates.delivered.push((EVENTS / (performance.now() - start)) * 1_000);
    over = true;
    await looking;
    await ask("DELETE", `/v1/webhook-endpoints/${id}`);
  }
  const [alone, idle, told, delivered] = [median(rates.alone), median(rates.idle), median(rates.told), median(rates.delivered)];
  report("webhooks", `Commits of one event, ${CONNECTIONS} connections, and their delivery, medians of ${ROUNDS}`, [
    { what: "nobody sends", rate: alone, unit: "commits/s", ratio: 1 },
    { what: "a sender, no endpoint", rate: idle, unit: "commits/s", ratio: idle / alone },
    {
      what: "one endpoint, sent beside it",
      rate: told,
      unit: "commits/s",
      ratio: told / alone,
      note: "the sender takes part of the machine",
    },
    { what: "delivered, from the first commit on", rate: delivered, unit: "webhooks/s", ratio: delivered / alone },
  ]);
} finally {
  server.close();
  server.closeAllConnections();
  await sender.close();
  await writer.close();
  await database.stop();
}
