/** Lessons 3, 34 and 35, all at once and briefly; `npm run bench -- soak` is the same for a minute. */
import { chmodSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { removeEmbedded, startEmbedded } from "../../src/db/embedded.ts";
import { killEngines } from "../engine-process.ts";
import { CREDENTIALS, startSqs } from "../queues/sqs.ts";
import { startRedis } from "../redis-server.ts";
import { crashPostgres, soak } from "./soak.ts";

afterAll(killEngines);

test("processes are killed, PostgreSQL and Redis restart, SQS delivers twice: nothing is lost, nothing doubled", {
  timeout: 240_000,
}, async () => {
  // A server of its own: a crash of the one that all tests share would be theirs, too, and that one may forget what it has answered.
  const folder = mkdtempSync(join(tmpdir(), "billwright-soak-"));
  chmodSync(folder, 0o755);
  const [postgres, redis, sqs] = await Promise.all([
    startEmbedded({ dataDir: folder, durable: false, settings: { synchronous_commit: "on" } }),
    startRedis(),
    startSqs(),
  ]);
  try {
    const queue = await sqs.create("usage");
    let deletes = 0;
    sqs.refuse = (action) => !(action === "DeleteMessageBatch" && deletes++ % 5 === 0);
    const { counts, kills } = await soak({
      databaseUrl: postgres.url,
      seconds: 5,
      killEveryMs: 1_000,
      env: {
        REDIS_URL: redis.address.urls[0]!,
        SQS_USAGE_EVENTS_QUEUE_URL: queue,
        SQS_ENDPOINT_URL: sqs.endpoint,
        SQS_VISIBILITY_SECONDS: "2",
        SQS_WAIT_SECONDS: "1",
        ...CREDENTIALS,
      },
      inTheMiddle: async () => {
        await crashPostgres(postgres.url);
        await redis.kill();
        await redis.start();
      },
    });
    expect(kills).toBeGreaterThanOrEqual(4);
    expect(counts.filter(({ lost, doubled }) => lost + doubled > 0)).toEqual([]);
    expect(Math.min(...counts.map(({ found }) => found))).toBeGreaterThan(10);
  } finally {
    killEngines();
    await Promise.all([postgres.stop(), redis.stop(), sqs.stop()]);
    await removeEmbedded(folder);
  }
});
