/**
 * `npm run bench -- soak`: two API and two worker processes under load for a minute (SECONDS), one of each killed every four seconds, while in
 * the middle PostgreSQL crashes and recovers and Redis is killed and started, and the queue delivers every fifth message twice. Fails on
 * anything lost or doubled. Redis takes part where there is a redis-server.
 */

import { crashPostgres, soak } from "../engine/test/crash/soak.ts";
import { killEngines } from "../engine/test/engine-process.ts";
import { CREDENTIALS, startSqs } from "../engine/test/queues/sqs.ts";
import findRedis from "../engine/test/redis.ts";
import { PROGRAM_VARIABLE, startRedis } from "../engine/test/redis-server.ts";
import { benchDatabase } from "./database.ts";
import { report } from "./table.ts";

const SECONDS = Number(process.env.SECONDS ?? 60);
const KILL_EVERY_MS = Number(process.env.KILL_EVERY_MS ?? 4_000);

findRedis();
const database = await benchDatabase();
const sqs = await startSqs();
const redis = process.env[PROGRAM_VARIABLE] ? await startRedis() : null;
try {
  const queue = await sqs.create("usage");
  let deletes = 0;
  sqs.refuse = (action) => !(action === "DeleteMessageBatch" && deletes++ % 5 === 0);
  const started = performance.now();
  const { counts, kills, retries, redelivered } = await soak({
    databaseUrl: database.url,
    seconds: SECONDS,
    killEveryMs: KILL_EVERY_MS,
    env: {
      ...(redis ? { REDIS_URL: redis.address.urls[0]! } : {}),
      SQS_USAGE_EVENTS_QUEUE_URL: queue,
      SQS_ENDPOINT_URL: sqs.endpoint,
      SQS_VISIBILITY_SECONDS: "5",
      SQS_WAIT_SECONDS: "1",
      ...CREDENTIALS,
    },
    inTheMiddle: async () => {
      await crashPostgres(database.url);
      await redis?.kill();
      await redis?.start();
    },
    say: (text) => console.log(text),
  });
  const seconds = (performance.now() - started) / 1_000;
  report(
    "soak",
    `Soak: ${kills} processes killed in ${SECONDS} s, PostgreSQL crashed once${redis ? ", Redis killed once" : " (no Redis here)"}, every fifth queue message twice`,
    counts.map(({ what, sent, found, lost, doubled }) => ({
      what,
      rate: found / seconds,
      unit: "a second",
      ratio: found / sent,
      note: `sent ${sent.toLocaleString("en")}, found ${found.toLocaleString("en")}, lost ${lost}, doubled ${doubled}`,
    })),
    { kills, retries, redelivered, counts },
  );
  console.log(
    `\n${retries} requests had no answer and were sent again; ${redelivered} webhooks came again with the id of one that had come.`,
  );
  const wrong = counts.filter(({ lost, doubled }) => lost + doubled > 0);
  if (wrong.length > 0) {
    console.error(`\nLost or doubled: ${wrong.map(({ what }) => what).join(", ")}`);
    process.exitCode = 1;
  }
} finally {
  killEngines();
  await redis?.stop();
  await sqs.stop();
  await database.stop();
}
