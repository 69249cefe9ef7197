/**
 * `GET /metrics`. With METRICS_TOKEN it takes that token; without, only what comes straight from a private network is answered: what came
 * through a proxy came from the world. With METRICS_PORT there is a listener of its own, also in a process that serves no API.
 */
import { timingSafeEqual } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { FastifyInstance } from "fastify";
import ipaddr from "ipaddr.js";
import type { Context } from "../context.ts";
import { Refusal } from "../errors.ts";
import { gaugesOf } from "./gauges.ts";
import { CONTENT_TYPE, type Exposition, prometheus } from "./prometheus.ts";

const PRIVATE = new Set(["loopback", "private", "uniqueLocal", "linkLocal", "carrierGradeNat"]);

export function metricsRoutes(app: FastifyInstance, ctx: Context): void {
  const exposition = expositionOf(ctx);
  app.get("/metrics", { config: { permission: "public" }, schema: { hide: true } }, async (request, reply) => {
    // Who may not read them is not told that they are there.
    if (!mayRead(ctx.config.metrics.token, request.headers, request.socket.remoteAddress))
      throw new Refusal("not_found", "There is nothing at GET /metrics.");
    return reply.type(CONTENT_TYPE).send(await exposition.text());
  });
}

const expositions = new WeakMap<Context, Exposition>();

function expositionOf(ctx: Context): Exposition {
  let own = expositions.get(ctx);
  if (!own) {
    own = prometheus([...ctx.metrics.tallies(), ...gaugesOf(ctx)]);
    expositions.set(ctx, own);
  }
  return own;
}

export function mayRead(token: string | null, headers: IncomingHttpHeaders, address: string | undefined): boolean {
  if (token !== null) {
    const given = Buffer.from(headers.authorization ?? "");
    const wanted = Buffer.from(`Bearer ${token}`);
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  }
  if (headers.forwarded !== undefined || headers["x-forwarded-for"] !== undefined) return false;
  return address !== undefined && ipaddr.isValid(address) && PRIVATE.has(ipaddr.process(address).range());
}

/** The listener of METRICS_PORT. */
export async function serveMetrics(ctx: Context, port: number): Promise<{ port: number; close(): Promise<void> }> {
  const exposition = expositionOf(ctx);
  const server: Server = createServer((request, response) => {
    if (
      request.method !== "GET" ||
      request.url !== "/metrics" ||
      !mayRead(ctx.config.metrics.token, request.headers, request.socket.remoteAddress)
    ) {
      response.writeHead(404).end();
      return;
    }
    exposition.text().then(
      (text) => response.writeHead(200, { "content-type": CONTENT_TYPE }).end(text),
      (error: Error) => {
        ctx.log.warn({ err: error }, "metrics could not be read");
        response.writeHead(500).end();
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, ctx.config.host, resolve);
  });
  return {
    port: (server.address() as { port: number }).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
