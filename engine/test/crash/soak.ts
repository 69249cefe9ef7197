/**
 * Two API and two worker processes under load, of which one of each is killed every few seconds and comes back, while PostgreSQL, Redis and
 * the queue have their own troubles. Whoever sends sends again with the same key until there is an answer; then all is counted.
 */
import { createHmac, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import pg from "pg";
import { freePort, type Started, startEngine } from "../engine-process.ts";

export interface Soak {
  databaseUrl: string;
  seconds: number;
  killEveryMs: number;
  /** More of the environment of each process: Redis, SQS. */
  env?: Record<string, string>;
  /** What happens once, in the middle. */
  inTheMiddle?: () => Promise<void>;
  say?: (text: string) => void;
}

export interface Count {
  what: string;
  sent: number;
  found: number;
  lost: number;
  doubled: number;
}

export interface SoakResult {
  counts: Count[];
  kills: number;
  /** Answers that were not given, and asked for again. */
  retries: number;
  /** Webhooks sent again with the id of one that had come: a worker died between the answer and noting it. */
  redelivered: number;
}

const KEY = "bw_test_key_of_the_soak";
const SECRET = "the secret of the soak";
const TENANTS = 5;
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

interface Process {
  role: "api" | "worker";
  port: number;
  started: Started;
}

export async function soak({ databaseUrl, seconds, killEveryMs, env = {}, inTheMiddle, say = () => undefined }: Soak): Promise<SoakResult> {
  const received = new Map<string, number>();
  const receiver = createServer((request, response) => {
    const id = String(request.headers["webhook-id"]);
    request.resume().on("end", () => {
      received.set(id, (received.get(id) ?? 0) + 1);
      response.end("ok");
    });
  });
  const hookPort = await freePort();
  await new Promise<void>((resolve) => receiver.listen(hookPort, "127.0.0.1", resolve));

  async function start(role: "api" | "worker", port: number): Promise<Process> {
    const place = role === "api" ? ["--port", String(port)] : [];
    const started = startEngine(["serve", "--role", role, ...place], {
      DATABASE_URL: databaseUrl,
      DATABASE_POOL_SIZE: "5",
      BILLWRIGHT_API_KEY: KEY,
      LOG_LEVEL: "fatal",
      RAZORPAY_WEBHOOK_SECRET: SECRET,
      SECRETS_KEY: `soak:${Buffer.alloc(32, 7).toString("base64")}`,
      WEBHOOKS_ALLOW_PRIVATE: "127.0.0.0/8",
      HEALTH_PORT: role === "worker" ? String(port) : "0",
      ...env,
    });
    started.ended().catch(() => undefined);
    await started.until("on its PostgreSQL");
    return { role, port, started };
  }
  const processes = [await start("api", await freePort())];
  processes.push(
    ...(await Promise.all([start("api", await freePort()), start("worker", await freePort()), start("worker", await freePort())])),
  );
  const ports = () => processes.filter(({ role }) => role === "api").map(({ port }) => port);

  let turn = 0;
  let retries = 0;
  /** Until there is an answer that says something of the request itself. */
  async function ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: never }> {
    for (let attempt = 0; ; attempt++) {
      const port = ports()[turn++ % 2]!;
      try {
        const response = await fetch(`http://127.0.0.1:${port}${path}`, {
          method,
          headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json", ...headers },
          ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
          signal: AbortSignal.timeout(20_000),
        });
        const text = await response.text();
        // 409: the first try of the same key is still under way.
        if (response.status < 500 && response.status !== 409)
          return { status: response.status, body: (text === "" ? null : JSON.parse(text)) as never };
      } catch {
        // Killed, or not back yet.
      }
      retries += 1;
      if (attempt > 600) throw new Error(`${method} ${path} has had no answer for a minute.`);
      await sleep(100);
    }
  }
  async function must<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<T> {
    const answer = await ask(method, path, body, headers);
    if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body as T;
  }

  await must("PUT", "/v1/catalog", { meters: [{ key: "hits", event: "hit", aggregation: "count" }], plans: [] });
  const tenants = Array.from({ length: TENANTS }, (_, i) => `soak${i}`);
  for (const tenant of tenants) await must("PUT", `/v1/tenants/${tenant}`, {});
  await must("POST", "/v1/webhook-endpoints", { url: `http://127.0.0.1:${hookPort}/`, event_types: ["credits.granted"] });

  const watched = tenants[0]!;
  const streamed: string[] = [];
  const over = new AbortController();
  const stream = watch(ports, watched, streamed, over.signal);
  let granted = 0;
  const grant = () =>
    must("POST", `/v1/tenants/${watched}/credits/grants`, { amount: 1, source: "promotion" }, { "idempotency-key": `grant ${granted++}` });
  // What a stream without an id tells begins somewhere; from its first event on it is held to all.
  while (streamed.length === 0) {
    await grant();
    await sleep(200);
  }

  const sent = { sync: 0, queued: 0, inbound: 0 };
  let loading = true;
  const events = (count: number) =>
    Array.from({ length: count }, () => ({
      tenant_id: tenants[Math.floor(Math.random() * TENANTS)],
      event: "hit",
      idempotency_key: randomUUID(),
    }));
  const lanes = [
    ...[1, 2, 3].map(() => async () => {
      const batch = events(20);
      await must("POST", "/v1/usage", batch);
      sent.sync += batch.length;
    }),
    ...[1, 2].map(() => async () => {
      const batch = events(10);
      await must("POST", "/v1/usage/async", batch);
      sent.queued += batch.length;
    }),
    async () => {
      const body = JSON.stringify({ event: "settlement.processed", payload: { n: sent.inbound } });
      const signed = {
        "x-razorpay-signature": createHmac("sha256", SECRET).update(body).digest("hex"),
        "x-razorpay-event-id": `soak-${sent.inbound}`,
      };
      // Gateways send again what they think had no answer.
      for (let i = 0; i < 2; i++) await must("POST", "/v1/webhooks/razorpay", body, signed);
      sent.inbound += 1;
      await sleep(20);
    },
    async () => {
      await grant();
      await sleep(20);
    },
  ];
  const running = lanes.map(async (lane) => {
    while (loading) await lane();
  });

  let kills = 0;
  const started = performance.now();
  let middle: Promise<void> | null = null;
  // Each of the four at least once, however slow the machine.
  while (performance.now() - started < seconds * 1_000 || kills < 2) {
    await sleep(killEveryMs);
    if (middle === null && inTheMiddle && (kills === 1 || performance.now() - started > seconds * 400)) middle = inTheMiddle();
    const victims = [kills % 2, 2 + (kills % 2)];
    kills += 1;
    await Promise.all(
      victims.map(async (index) => {
        const { role, port, started: victim } = processes[index]!;
        await victim.end("SIGKILL");
        // A supervisor starts again what does not come up, as while the database is away.
        for (let attempt = 0; ; attempt++) {
          try {
            processes[index] = await start(role, port);
            return;
          } catch (error) {
            if (attempt > 20) throw error;
            await sleep(500);
          }
        }
      }),
    );
    say(
      `${Math.round((performance.now() - started) / 1_000)} s: killed ${2 * kills} processes; ${sent.sync + sent.queued} events, ${granted} grants`,
    );
  }
  loading = false;
  await Promise.all(running);
  await middle;

  const client = new pg.Client({ connectionString: databaseUrl });
  client.on("error", () => undefined);
  await client.connect();
  const number = async (text: string) => Number((await client.query<{ n: string }>(text)).rows[0]!.n);
  // What a killed worker had taken is another's when its lease is over, minutes later: here at once.
  const endLeases = async () => {
    await client.query("update inbound_events set claimed_until = now() where state = 'working'");
    await client.query("update webhook_deliveries set due_at = now() where state = 'sending'");
  };
  const usage = () => number("select coalesce(sum(n), 0) as n from usage_rollups");
  const history = new Set<string>();
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page: { items: { id: string }[]; next_cursor: string | null } = await must(
      "GET",
      `/v1/tenants/${watched}/events?type=credits.granted&limit=100${cursor === "" ? "" : `&cursor=${cursor}`}`,
    );
    for (const { id } of page.items) history.add(id);
    cursor = page.next_cursor;
  }
  // What failed while the database was away is tried again after half a minute.
  const settled = async () =>
    (await usage()) >= sent.sync + sent.queued &&
    (await number("select count(*) as n from inbound_events where state in ('pending', 'working', 'failed')")) === 0 &&
    received.size >= history.size &&
    new Set(streamed).size >= history.size;
  for (let i = 0; i < 300 && !(await settled()); i++) {
    if (i > 0 && i % 20 === 0) await endLeases();
    await sleep(200);
  }
  over.abort();
  await stream;

  const count = (what: string, wanted: number, found: number, unique = found): Count => ({
    what,
    sent: wanted,
    found,
    lost: Math.max(0, wanted - unique),
    doubled: Math.max(0, found - wanted),
  });
  const counts = [
    count("usage events stored", sent.sync + sent.queued, await number("select count(*) as n from usage_events")),
    count("usage events counted", sent.sync + sent.queued, await usage()),
    count("webhooks in, worked on", sent.inbound, await number("select count(*) as n from inbound_events where state = 'ignored'")),
    count("credits granted", granted, await number("select coalesce(sum(amount), 0) as n from credit_grants")),
    count("events of these grants", granted, history.size),
    count("stream messages", history.size - before(streamed, history), streamed.length, new Set(streamed).size),
    count("webhooks out, by id", history.size, received.size),
  ];
  await client.end();
  await Promise.all(processes.map(({ started: one }) => one.end("SIGKILL")));
  receiver.closeAllConnections();
  receiver.close();
  const redelivered = [...received.values()].reduce((sum, times) => sum + times - 1, 0);
  return { counts, kills: 2 * kills, retries, redelivered };
}

/** Events from before the stream had begun. */
function before(streamed: readonly string[], history: ReadonlySet<string>): number {
  return [...history].filter((id) => id < streamed[0]! && !streamed.includes(id)).length;
}

/** A reader of the stream that comes back with its last id, to whichever process answers. */
async function watch(ports: () => number[], tenant: string, heard: string[], signal: AbortSignal): Promise<void> {
  let last = "";
  for (let turn = 0; !signal.aborted; turn++) {
    try {
      const response = await fetch(`http://127.0.0.1:${ports()[turn % 2]}/v1/tenants/${tenant}/events/stream?type=credits.granted`, {
        headers: { authorization: `Bearer ${KEY}`, ...(last === "" ? {} : { "last-event-id": last }) },
        signal,
      });
      if (response.status !== 200) throw new Error(String(response.status));
      let text = "";
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
          const frame = text.slice(0, end);
          text = text.slice(end + 2);
          const id = /^id: ?(.*)$/m.exec(frame)?.[1];
          if (id !== undefined) last = id;
          const data = /^data: ?(.*)$/m.exec(frame)?.[1];
          if (data) heard.push((JSON.parse(data) as { id: string }).id);
        }
      }
    } catch {
      // Killed, or not back yet.
    }
    if (!signal.aborted) await sleep(100);
  }
}

/** PostgreSQL as after a crash: one of its processes is killed, so it ends all of them and recovers. */
export async function crashPostgres(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on("error", () => undefined);
  await client.connect();
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  process.kill(rows[0]!.pid, "SIGKILL");
  await client.end().catch(() => undefined);
}
