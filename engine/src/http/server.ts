/** The HTTP server: body parsing, who asks, errors as problem+json, the OpenAPI document, and nothing of any room. */
import cors from "@fastify/cors";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import Fastify, { type FastifyBaseLogger, type FastifyError, type FastifyInstance, type FastifyReply, LogController } from "fastify";
import { identify } from "../auth/identify.ts";
import { PUBLIC } from "../auth/principal.ts";
import type { Context } from "../context.ts";
import { invalid, invalidField, type Problem, Refusal } from "../errors.ts";
import { newId } from "../ids.ts";
import { observeRequests } from "../telemetry/http.ts";
import { parseJson } from "./json.ts";
import { registerLimits } from "./limits.ts";
import { documentation } from "./openapi.ts";
import { type Pages, pages } from "./pages.ts";
import { authorize } from "./route.ts";
import { faultsOf, validatorFor } from "./validate.ts";

export const BODY_LIMIT = 1_048_576;
const PROBLEM_JSON = "application/problem+json; charset=utf-8";
/** Of the page under /docs, which sets styles of its own and shows pictures that are part of them. */
const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
// Answers are data: no page may run them or frame them. Pages say what they need themselves. Constants: a library that sets them
// for each answer took a quarter of the rate of a small read.
const SAFETY = {
  "content-security-policy": "default-src 'none';frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "cross-origin",
};
const UNREAD_MS = 300;
const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

export async function buildServer(ctx: Context, register: (app: FastifyInstance) => void): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: ctx.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    // Lines of a request say its id themselves; a logger made for each request cost a fortieth of a small answer.
    childLoggerFactory: (logger) => logger,
    bodyLimit: BODY_LIMIT,
    requestTimeout: ctx.config.clients.requestMs,
    // Who sends a head byte by byte holds a connection, and nothing else, for this long.
    http: { headersTimeout: ctx.config.clients.headMs, connectionsCheckingInterval: Math.min(5_000, ctx.config.clients.headMs) },
    keepAliveTimeout: 65_000,
    // What comes on a connection that is still open when the server closes is served, and the connection is closed after it.
    return503OnClosing: false,
    // Who comes through a proxy is told apart by what the proxy says, where it is one of ours.
    trustProxy: ctx.config.trustedProxies.length > 0 ? [...ctx.config.trustedProxies] : false,
    routerOptions: { maxParamLength: 512 },
    // An address that cannot be read, or has a part so long that nothing can be called so, is refused before any route is found.
    frameworkErrors: (_error, request, reply) => {
      const problem = new Refusal("not_found", `There is nothing at ${request.url.slice(0, 200)}.`).toProblem(String(request.id));
      // Its type here knows of no schema, and so of no answer at all.
      void (reply as unknown as FastifyReply).status(404).header("content-type", PROBLEM_JSON).send(JSON.stringify(problem));
    },
    genReqId: (request) => {
      const given = request.headers["x-request-id"];
      return typeof given === "string" && REQUEST_ID.test(given) ? given : newId("request");
    },
  });

  app.server.maxConnections = ctx.config.clients.connections;
  // A connection that was taken a moment before the stop may carry a request that nobody has read yet: it is not idle.
  const closeIdle = app.server.closeIdleConnections.bind(app.server);
  app.server.closeIdleConnections = () => void setTimeout(closeIdle, UNREAD_MS).unref();

  app.setValidatorCompiler(({ schema, httpPart }) => validatorFor(schema as object, httpPart));
  app.setSchemaErrorFormatter((errors) => invalid(faultsOf(errors as never)));
  app.setSerializerCompiler(() => (data) => (typeof data === "string" ? data : JSON.stringify(data)));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, text, done) => {
    try {
      done(null, text === "" ? undefined : parseJson(text as string));
    } catch (error) {
      done(error as Error);
    }
  });

  app.decorateRequest("principal");
  observeRequests(app, ctx);
  // Without origins there is nothing to allow, and nothing that a browser would be told.
  if (ctx.config.corsOrigins.length > 0)
    await app.register(cors, {
      origin: [...ctx.config.corsOrigins],
      methods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
      allowedHeaders: ["Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID", "X-Request-Id", "If-None-Match"],
      exposedHeaders: [
        "X-Request-Id",
        "Idempotent-Replayed",
        "ETag",
        "Retry-After",
        "RateLimit-Limit",
        "RateLimit-Remaining",
        "RateLimit-Reset",
      ],
      maxAge: 86_400,
      hideOptionsRoute: true,
    });
  const safety = ctx.config.publicUrl.startsWith("https:") ? { ...SAFETY, "strict-transport-security": "max-age=31536000" } : SAFETY;
  const limits = await registerLimits(app, ctx.config.rateLimit, ctx.redis.shared);
  app.addHook("onRequest", async (request, reply) => {
    reply.header("X-Request-Id", request.id).headers(safety);
    // Whoever keeps a connection to a process that is about to stop finds another one for the next request.
    if (ctx.life.stopping) reply.header("connection", "close");
    request.principal = PUBLIC;
    if (request.is404) return;
    const permission = request.routeOptions.config.permission;
    if (permission !== "public") {
      const { authorization } = request.headers;
      request.principal = await identify(ctx, authorization, () => limits.guessed(request)).catch(async (error: Error) => {
        // Nothing sent is no guess.
        if (authorization && error instanceof Refusal && error.code === "unauthenticated") await limits.wrong(request);
        throw error;
      });
    }
    await limits.count(request, reply);
    if (permission !== "public") authorize(request.principal, permission);
  });
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error as Error, request.id, ctx);
    void reply.status(problem.status).header("content-type", PROBLEM_JSON).send(JSON.stringify(problem));
  });
  let dashboard: Pages | null = null;
  app.setNotFoundHandler((request, reply) => {
    const page = dashboard?.answer(request, reply);
    if (page) return page;
    throw new Refusal("not_found", `There is nothing at ${request.method} ${request.url.slice(0, 200)}.`);
  });

  await app.register(swagger, documentation);
  // The page that shows the document is as public as the document.
  app.addHook("onRoute", (options) => {
    if (options.url.startsWith("/docs")) options.config = { ...options.config, permission: "public" };
  });
  await app.register(swaggerUi, {
    routePrefix: "/docs",
    uiConfig: { docExpansion: "list" },
    // Of its bar only the switch to dark is left: there is one document, and it is ours.
    theme: {
      title: "Billwright API",
      css: [
        {
          filename: "billwright.css",
          content: ".swagger-ui .topbar .link,.swagger-ui .topbar .download-url-wrapper{display:none!important}",
        },
      ],
    },
    staticCSP: DOCS_POLICY,
  });
  app.after(() => {
    app.get("/openapi.json", { config: { permission: "public" }, schema: { hide: true } }, async (_request, reply) =>
      reply.type("application/json; charset=utf-8").send(JSON.stringify(app.swagger())),
    );
    register(app);
    dashboard = pages(app, ctx);
  });
  return app;
}

function problemOf(error: Error, requestId: string, ctx: Context): Problem {
  if (error instanceof Refusal) return error.toProblem(requestId);
  const { code, statusCode } = error as FastifyError;
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    return new Refusal("invalid_request", "The body is larger than this route takes.", {
      status: 413,
      faults: [{ path: "", message: "is larger than this route takes (1 MiB; usage 8 MiB)" }],
    }).toProblem(requestId);
  }
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    return new Refusal("invalid_request", "Send the body as application/json.", {
      status: 415,
      faults: [{ path: "Content-Type", message: "is not a type that this route takes" }],
    }).toProblem(requestId);
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    const refusal = invalidField("", error.message);
    return { ...refusal.toProblem(requestId), status: statusCode };
  }
  if (isDatabaseDown(error)) {
    return new Refusal("unavailable", "The database cannot be reached right now; nothing was changed. Try again.").toProblem(requestId);
  }
  ctx.log.error({ err: error, request_id: requestId }, "unexpected error");
  return {
    type: "https://billwright.dev/problems/internal",
    title: "Something went wrong in the engine",
    status: 500,
    detail: "The request was not carried out. The log has the cause under this request id.",
    code: "unavailable",
    request_id: requestId,
  };
}

// Connection refused or cut, shutdown in progress, too many connections.
function isDatabaseDown(error: Error): boolean {
  const code = (error as { code?: string }).code ?? "";
  return (
    /^(ECONNREFUSED|ECONNRESET|EPIPE|08\w{3}|57P0\d|53300)$/.test(code) ||
    /Connection terminated|timeout exceeded when trying to connect/.test(error.message)
  );
}
