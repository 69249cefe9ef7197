/**
 * Credits: 128 requests in flight, each with its own outcome and durable before the answer, against a transaction a request that locks
 * the row, updates and inserts (pool of 10), on the same server in the same run. One hot wallet, and 1,000 wallets. Rounds take turns, so
 * that noise hits each alike; medians count. REQUESTS (40,000 a round) and ROUNDS (3) set the sizes.
 */
import { ENGINE } from "../engine/src/auth/principal.ts";
import { consume } from "../engine/src/billing/credits/consume.ts";
import { fingerprintOf } from "../engine/src/billing/credits/fingerprint.ts";
import { grantMany } from "../engine/src/billing/credits/grant-credits.ts";
import { decimal } from "../engine/src/billing/money/decimal.ts";
import { commit } from "../engine/src/commit.ts";
import { createBillwright } from "../engine/src/engine.ts";
import { type Consumer, httpRate, naiveConsumer, rateOf, setUpNaive, startServer, WALLETS } from "./credits-setup.ts";
import { benchDatabase } from "./database.ts";
import { report } from "./table.ts";

const REQUESTS = Number(process.env.REQUESTS ?? 40_000);
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const IN_FLIGHT = 128;

type Asked = Parameters<typeof rateOf>[1];

const database = await benchDatabase();
const billing = await createBillwright({
  database: database.url,
  worker: false,
  config: { logLevel: "error", rateLimit: 10_000_000, databasePoolSize: 10 },
});
const server = await startServer(database.url);
try {
  const { ctx } = billing;
  await setUpNaive(database.url);
  await ctx.pool.query(
    `insert into tenants (id, created_at, updated_at) select 'bench_' || i, now(), now() from generate_series(0, ${WALLETS - 1}) i`,
  );
  await commit(ctx, { principal: ENGINE }, (tx) =>
    grantMany(
      tx,
      Array.from({ length: WALLETS }, (_, i) => ({ tenantId: `bench_${i}`, amount: decimal(1_000_000_000), source: "purchase" as const })),
    ),
  );
  const one = decimal(1);
  const engine: Consumer = {
    consume: async (wallet, key) => {
      const request = { tenantId: `bench_${wallet}`, amount: one, byPlan: null, partial: false, eventName: null, quantity: null };
      const { outcome } = await consume(ctx, { ...request, key, fingerprint: fingerprintOf("consumed", one) });
      if (outcome !== "consumed") throw new Error(outcome);
    },
  };
  const naive = naiveConsumer(ctx.pool);
  const inProcess = (consumer: Consumer) => (asked: Asked) => rateOf(consumer, asked);
  const overHttp = (path: string) => (asked: Asked) => httpRate(server.port, path, asked);
  const coalesced = "/v1/tenants/bench_:wallet/credits/consume";
  const ways = [
    { what: "in-process, one hot wallet, a transaction a request", rate: inProcess(naive), wallets: 1, share: 1 / 20 },
    { what: "in-process, one hot wallet, coalesced", rate: inProcess(engine), wallets: 1, share: 1 },
    { what: "in-process, 1,000 wallets, a transaction a request", rate: inProcess(naive), wallets: WALLETS, share: 1 / 5 },
    { what: "in-process, 1,000 wallets, coalesced", rate: inProcess(engine), wallets: WALLETS, share: 1 },
    { what: "over HTTP, one hot wallet, a transaction a request", rate: overHttp("/bench/naive"), wallets: 1, share: 1 / 20 },
    { what: "over HTTP, one hot wallet, coalesced", rate: overHttp(coalesced), wallets: 1, share: 1 / 2 },
    { what: "over HTTP, 1,000 wallets, a transaction a request", rate: overHttp("/bench/naive"), wallets: WALLETS, share: 1 / 5 },
    { what: "over HTTP, 1,000 wallets, coalesced", rate: overHttp(coalesced), wallets: WALLETS, share: 1 / 2 },
  ].map((way) => ({ ...way, rates: [] as number[] }));
  const run = (way: (typeof ways)[number], requests: number) =>
    way.rate({ requests: Math.max(200, Math.round(requests)), wallets: way.wallets, inFlight: IN_FLIGHT });
  for (const way of ways) await run(way, (REQUESTS * way.share) / 5);
  for (let round = 0; round < ROUNDS; round++) for (const way of ways) way.rates.push(await run(way, REQUESTS * way.share));
  const medians = ways.map(({ rates }) => rates.toSorted((a, b) => a - b)[Math.floor(rates.length / 2)]!);
  report(
    "credits",
    `Credits: ${IN_FLIGHT} requests in flight, medians of ${ROUNDS}`,
    ways.map(({ what }, index) => ({
      what,
      rate: medians[index]!,
      unit: "requests/s",
      ratio: medians[index]! / medians[index - (index % 2)]!,
    })),
  );
} finally {
  await server.stop();
  await billing.close();
  await database.stop();
}
