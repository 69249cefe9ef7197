/**
 * A load generator that costs little beside what it measures: sockets that write requests prepared as bytes and look only
 * for the status and the length of the answer.
 */
import { connect, type Socket } from "node:net";

export interface Load {
  seconds: number;
  requests: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
}

export function httpRequest(path: string, body: string, headers: Record<string, string>): Buffer {
  const lines = Object.entries({
    host: "bench",
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
    ...headers,
  });
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}`).join("\r\n")}\r\n\r\n${body}`);
}

export function getRequest(path: string, headers: Record<string, string>): Buffer {
  const lines = Object.entries({ host: "bench", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
}

/** Sends every request once, `connections` at a time. Any answer but `status` is an error. */
export async function send(port: number, requests: readonly Buffer[], connections: number, status: number): Promise<Load> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  const times: number[] = [];
  let next = 0;
  const start = performance.now();
  await Promise.all(
    sockets.map(async (socket) => {
      while (next < requests.length) {
        const sent = performance.now();
        await ask(socket, requests[next++]!, status);
        times.push(performance.now() - sent);
      }
    }),
  );
  const seconds = (performance.now() - start) / 1_000;
  for (const socket of sockets) socket.destroy();
  times.sort((a, b) => a - b);
  const at = (part: number): number => times[Math.floor(part * (times.length - 1))]!;
  return { seconds, requests: requests.length, p50: at(0.5), p99: at(0.99) };
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => resolve(socket));
    socket.once("error", reject);
  });
}

function ask(socket: Socket, request: Buffer, status: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let head = "";
    let missing = -1;
    const onData = (chunk: Buffer): void => {
      if (missing >= 0) missing -= chunk.length;
      else {
        head += chunk.toString("latin1");
        const end = head.indexOf("\r\n\r\n");
        if (end < 0) return;
        missing = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0) - (head.length - end - 4);
      }
      if (missing > 0) return;
      socket.off("data", onData);
      if (head.startsWith(`HTTP/1.1 ${status}`)) resolve();
      else reject(new Error(`the server answered ${head.slice(0, 1_000)}`));
    };
    socket.on("data", onData);
    socket.write(request);
  });
}
