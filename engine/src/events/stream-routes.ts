/** HTTP of the live stream of a tenant's events, as Server-Sent Events. */
import type { OutgoingHttpHeaders } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { identify } from "../auth/identify.ts";
import type { Context } from "../context.ts";
import { onPool } from "../db/pool.ts";
import { invalidField, Refusal, tenantNotFound } from "../errors.ts";
import { authorize, confine, route } from "../http/route.ts";
import { Closed, OneOf } from "../http/schema.ts";
import { isId } from "../ids.ts";
import { TypeFilter, typesOf } from "./filter.ts";
import { findNow, findPlace, REPLAY_WINDOW } from "./following.ts";
import { isAfter, type Place, START } from "./place.ts";

/** The id of the place before a tenant's first event. */
const BEGINNING_ID = "beginning";
const RETRY_AFTER_SECONDS = "5";

const PERMISSION = "billing.read";

const Stream = Type.Unsafe<never>({
  content: {
    "text/event-stream": {
      schema: {
        type: "string",
        description: "`id:` the event's id, `event:` its type, `data:` the event as in the history; a comment while nothing happens.",
      },
    },
  },
});

const Query = Closed({
  type: Type.Optional(TypeFilter),
  last_event_id: Type.Optional(
    Type.String({ maxLength: 64, description: "What the header Last-Event-ID says, for who cannot send it; the header goes before it." }),
  ),
  from: Type.Optional(OneOf(["now", "beginning"], "Without an id: only what is new, or all that ever happened. `now` if not said.")),
});

export function eventStreamRoutes(app: FastifyInstance, ctx: Context): void {
  // The server waits for requests that run, and a stream runs for ever.
  app.addHook("preClose", () => ctx.timeline.endStreams());

  route(app, ctx, {
    method: "GET",
    url: "/v1/tenants/:tenant_id/events/stream",
    permission: PERMISSION,
    summary: "Follow the billing events of a tenant live, as Server-Sent Events",
    params: Type.Object({ tenant_id: Type.String() }),
    query: Query,
    response: { 200: Stream },
    handle: async ({ params, query, request, reply }) => {
      const tenantId = params.tenant_id;
      if (!ctx.config.stream.enabled) throw new Refusal("not_found", "The live stream is switched off here (ENABLE_BILLING_STREAM).");
      if (!(await ctx.tenants.find(tenantId))) throw tenantNotFound(tenantId);
      const types = typesOf(query.type);
      const admission = admit(ctx, tenantId, reply);
      try {
        const start = await startOf(ctx, request, tenantId, query);
        // Whoever hung up while this was looked up gets nothing opened.
        if (request.raw.socket.destroyed) throw new Refusal("unavailable", "The connection is closed.");
        writeHead(reply);
        admission.open(reply.raw, {
          tenantId,
          ...start,
          types: types && new Set(types),
          recheck: async () => {
            const principal = await identify(ctx, request.headers.authorization);
            authorize(principal, PERMISSION);
            confine(principal, tenantId);
          },
        });
      } catch (error) {
        admission.leave();
        throw error;
      }
    },
  });
}

function admit(ctx: Context, tenantId: string, reply: FastifyReply) {
  try {
    return ctx.timeline.admit(tenantId);
  } catch (error) {
    reply.header("retry-after", RETRY_AFTER_SECONDS);
    throw error;
  }
}

async function startOf(
  ctx: Context,
  request: FastifyRequest,
  tenantId: string,
  query: { last_event_id?: string; from?: "now" | "beginning" },
): Promise<{ start: Place; startId: string; known: Place | null }> {
  const header = request.headers["last-event-id"];
  const fromHeader = typeof header === "string" && header !== "";
  // A browser asks for the address that it was given again and again, and says in the header how far it got since.
  const lastId = fromHeader ? header : query.last_event_id || (query.from === "beginning" ? BEGINNING_ID : undefined);
  const db = onPool(ctx.pool);
  if (lastId === undefined) {
    const { place, lastId: newest } = await findNow(db, tenantId);
    return { start: place, startId: newest ?? BEGINNING_ID, known: null };
  }
  if (lastId === BEGINNING_ID) return { start: START, startId: BEGINNING_ID, known: null };
  const found = isId("event", lastId) ? await findPlace(db, tenantId, lastId) : null;
  if (found) {
    // Only the history tells an event while an older transaction may still put others before it: nobody has been told those.
    const now = found.settled ? null : await findNow(db, tenantId);
    if (now === null || isAfter(now.place, found.place)) return { start: found.place, startId: lastId, known: null };
    return { start: now.place, startId: now.lastId ?? BEGINNING_ID, known: found.place };
  }
  throw invalidField(
    fromHeader ? "Last-Event-ID" : "last_event_id",
    `names none of the latest ${REPLAY_WINDOW.toLocaleString("en")} events of this tenant: read the history, and follow from now`,
  );
}

function writeHead(reply: FastifyReply): void {
  const headers = reply.getHeaders() as OutgoingHttpHeaders;
  reply.hijack();
  reply.raw.writeHead(200, {
    ...headers,
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store, no-transform",
    // Proxies that collect an answer before they pass it on would keep events back.
    "x-accel-buffering": "no",
  });
}
