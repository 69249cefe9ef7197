/** A TCP proxy before a real engine that makes the network's faults: nobody there, no answer, half of one, or somebody else's. */
import { connect, createServer, type Socket } from "node:net";

export type Fault =
  /** Nobody listens: connections are reset. */
  | "away"
  /** Taken, and never answered. */
  | "silent"
  /** The engine does its work; its answer is lost. */
  | "answer_lost"
  /** Only so many bytes of the answer come through. */
  | { cutAfter: number }
  /** Each answer comes so many milliseconds late. */
  | { late: number }
  /** Something in between answers in the engine's place. */
  | { answer: { status: number; headers?: Record<string, string>; body?: string } };

export interface FaultProxy {
  url: string;
  /** What happens from now on, also to connections that stand; null: nothing wrong. With `times` only to so many requests. */
  fault(kind: Fault | null, times?: number): void;
  /** Where the engine is from now on. */
  moveTo(port: number): void;
  /** Requests that came, counted by their beginnings. */
  readonly requests: number;
  /** Cuts every connection that stands. */
  cut(): void;
  close(): Promise<void>;
}

const REQUEST = /^(GET|POST|PUT|PATCH|DELETE) /;

export async function faultProxy(enginePort: number): Promise<FaultProxy> {
  let port = enginePort;
  let fault: Fault | null = null;
  let left = Number.POSITIVE_INFINITY;
  let requests = 0;
  const sockets = new Set<Socket>();

  const server = createServer((client) => {
    let engine: Socket | null = null;
    let mine: Fault | null = null;
    let passed = 0;
    sockets.add(client);
    const end = () => {
      sockets.delete(client);
      client.destroy();
      engine?.destroy();
    };
    client.on("error", end).on("close", end);
    const toEngine = (chunk: Buffer) => {
      engine ??= connect(port, "127.0.0.1")
        .on("error", end)
        .on("close", end)
        .on("data", (answer) => {
          if (mine === "answer_lost") return end();
          if (mine !== null && typeof mine === "object" && "cutAfter" in mine) {
            const rest = mine.cutAfter - passed;
            passed += answer.length;
            client.write(answer.subarray(0, Math.max(0, rest)), () => passed >= (mine as { cutAfter: number }).cutAfter && end());
          } else if (mine !== null && typeof mine === "object" && "late" in mine) setTimeout(() => client.write(answer), mine.late);
          else client.write(answer);
        });
      engine.write(chunk);
    };
    client.on("data", (chunk) => {
      if (REQUEST.test(chunk.subarray(0, 10).toString("latin1"))) {
        requests += 1;
        passed = 0;
        mine = left > 0 ? fault : null;
        left -= 1;
      }
      if (mine === "away") end();
      else if (mine === "silent") return;
      else if (mine !== null && typeof mine === "object" && "answer" in mine) {
        const { status, headers = {}, body = "" } = mine.answer;
        const head = Object.entries({ "content-length": String(Buffer.byteLength(body)), connection: "close", ...headers });
        client.end(`HTTP/1.1 ${status} Fault\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`);
      } else toEngine(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port: own } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${own}`,
    fault: (kind, times = Number.POSITIVE_INFINITY) => {
      fault = kind;
      left = times;
      if (kind === "away" && times === Number.POSITIVE_INFINITY) for (const socket of sockets) socket.destroy();
    },
    moveTo: (next) => {
      port = next;
    },
    get requests() {
      return requests;
    },
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
