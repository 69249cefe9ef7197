/** A receiver of webhooks on the loopback: keeps what came, and answers as it is told. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
  path: string;
  headers: Record<string, string>;
  body: string;
  // biome-ignore lint/suspicious/noExplicitAny: looked into freely by tests
  event: any;
}

export interface Receiver {
  url: string;
  received: Received[];
  /** What came to a path. */
  at(path: string): Received[];
  /** How a path answers from now on: a status, or what is done with the response. */
  answer(path: string, how: number | ((response: ServerResponse, request: IncomingMessage) => void)): void;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const answers = new Map<string, number | ((response: ServerResponse, request: IncomingMessage) => void)>();
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      const body = Buffer.concat(parts).toString("utf8");
      const path = request.url ?? "";
      received.push({
        path,
        headers: request.headers as Record<string, string>,
        body,
        event: body.startsWith("{") ? JSON.parse(body) : null,
      });
      const how = answers.get(path) ?? 204;
      if (typeof how === "number") response.writeHead(how).end(how === 204 ? undefined : `answered ${how}`);
      else how(response, request);
    });
  });
  // Never closes an idle connection: one that was taken up again at that moment would be a failure that no case means.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    at: (path) => received.filter((one) => one.path === path),
    answer: (path, how) => void answers.set(path, how),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
