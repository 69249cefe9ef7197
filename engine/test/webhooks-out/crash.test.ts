/** Two processes send while events are written, and are killed in the middle, again and again: every event arrives, and twice only what was on its way. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ENGINE } from "../../src/auth/principal.ts";
import { commit } from "../../src/commit.ts";
import { createWorld, type World } from "../world.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

const CHILD = fileURLToPath(new URL("./sender-child.ts", import.meta.url));
const EVENTS = 160;
const KILLS = 2;

let world: World;
let receiver: Receiver;
const children = new Set<ChildProcess>();
beforeAll(async () => {
  receiver = await startReceiver();
  world = await createWorld({ config: { webhooks: { allowPrivate: ["127.0.0.0/8"], timeoutMs: 5_000, disableAfterDays: 5 } } });
  for (const id of ["a", "b"]) await world.must("PUT", `/v1/tenants/${id}`, {});
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await world.close();
  await receiver.close();
});

async function startSender(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [CHILD, world.billing.databaseUrl], { stdio: ["ignore", "pipe", "inherit"] });
  children.add(child);
  await once(child.stdout!, "data");
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  children.delete(child);
}

test("webhooks under kill -9", { timeout: 240_000 }, async () => {
  for (const [path, input] of [
    ["/all", { ordered: true }],
    ["/a", { tenant_id: "a" }],
  ] as const)
    await world.must("POST", "/v1/webhook-endpoints", { url: `${receiver.url}${path}`, event_types: ["usage.aggregated"], ...input });
  // Slow enough for something to be on its way at each kill.
  for (const path of ["/all", "/a"]) receiver.answer(path, (response) => void setTimeout(() => response.writeHead(200).end(), 3));

  const senders = await Promise.all([startSender(), startSender()]);
  let written = 0;
  const writing = (async () => {
    for (; written < EVENTS; written++) {
      const tenantId = written % 2 === 0 ? "a" : "b";
      await commit(world.billing.ctx, { principal: ENGINE, tenantId }, async (tx) =>
        tx.emit({ type: "usage.aggregated", tenantId, subject: null, summary: "counted", data: { n: written } }),
      );
    }
  })();
  let cut = 0;
  for (let kills = 0; kills < KILLS; kills++) {
    const reached = receiver.received.length + 40;
    for (let i = 0; receiver.received.length < reached && i < 2_000; i++) await sleep(5);
    await kill(senders[kills % 2]!);
    // Its leases would run out by themselves, in three minutes. Those of the other one that lives are cut short with them: that is a redelivery more.
    const { rowCount } = await world.owner.query("update webhook_deliveries set due_at = '2020-01-01' where state = 'sending'");
    cut += rowCount ?? 0;
    senders[kills % 2] = await startSender();
  }
  await writing;
  const open = async () =>
    (await world.owner.query("select count(*)::int as n from webhook_deliveries where state <> 'delivered'")).rows[0].n as number;
  const all = async () => (await world.owner.query("select count(*)::int as n from webhook_deliveries")).rows[0].n as number;
  const expected = EVENTS + EVENTS / 2;
  for (let i = 0; ((await all()) < expected || (await open()) > 0) && i < 1_200; i++) await sleep(50);
  for (const sender of senders) await kill(sender);

  expect([await all(), await open()]).toEqual([expected, 0]);
  const at = (path: string) => receiver.at(path).map(({ event }) => event.data.n as number);
  const distinct = (numbers: number[]) => [...new Set(numbers)];
  const everything = Array.from({ length: EVENTS }, (_, n) => n);
  expect(distinct(at("/all")).sort((a, b) => a - b)).toEqual(everything);
  expect(distinct(at("/a")).sort((a, b) => a - b)).toEqual(everything.filter((n) => n % 2 === 0));
  expect(receiver.received.length - expected).toBeLessThanOrEqual(cut);
  // In order for each tenant, first arrivals: what came again came from before a kill.
  for (const parity of [0, 1]) {
    const first = distinct(at("/all").filter((n) => n % 2 === parity));
    expect(first).toEqual([...first].sort((a, b) => a - b));
  }
  expect(new Set(receiver.received.map(({ path, headers }) => `${path} ${headers["webhook-id"]}`)).size).toBe(expected);
});
