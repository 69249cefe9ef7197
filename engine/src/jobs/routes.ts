/** HTTP of jobs: asking for one, seeing what became of it, trying a dead one again. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { parseInstant } from "../billing/time/instant.ts";
import type { Context } from "../context.ts";
import { onPlatform } from "../db/pool.ts";
import { DEFAULT_LIMIT, decodeNumber, pageOf } from "../http/list.ts";
import { route } from "../http/route.ts";
import { Closed, Instant, ListQuery, OneOf, Page, Text } from "../http/schema.ts";
import { askJob, getJob, retryAsked } from "./ask.ts";
import { JOB_STATES, readJobs } from "./store.ts";
import { JobView, jobView } from "./view.ts";

const Params = Type.Object({ id: Type.String({ maxLength: 64 }) });

const JobBody = Closed({
  name: Text(64, "aggregate_daily, generate_monthly_invoice, or a sweep such as renew-due."),
  payload: Type.Optional(
    Type.Unsafe<Record<string, unknown>>({ type: "object", description: "What that job takes; a sweep takes nothing." }),
  ),
  key: Type.Optional(Type.String({ minLength: 1, maxLength: 255, description: "Jobs with the same key that wait are one job." })),
  run_at: Type.Optional(Instant("Real time; now if not said.")),
  max_attempts: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: "25 if not said." })),
});

export function jobRoutes(app: FastifyInstance, ctx: Context): void {
  const db = onPlatform(ctx.pool);

  route(app, ctx, {
    method: "POST",
    url: "/v1/jobs",
    permission: "operate",
    summary: "Ask for a job: it runs on a worker, once it is committed",
    body: JobBody,
    response: { 202: JobView },
    handle: ({ body, write }) =>
      write(
        async (tx) =>
          jobView(
            await askJob(tx, {
              name: body.name,
              payload: body.payload,
              key: body.key,
              runAt: body.run_at === undefined ? undefined : parseInstant(body.run_at)!,
              maxAttempts: body.max_attempts,
            }),
          ),
        { status: 202 },
      ),
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/jobs",
    permission: "operate",
    summary: "List jobs, newest first: those that wait, run, failed or are dead, and those of the last day that succeeded",
    query: Closed({
      ...ListQuery,
      name: Type.Optional(Text(64, "Only jobs of this name.")),
      state: Type.Optional(OneOf(JOB_STATES, "Only those in this state.")),
    }),
    response: { 200: Page(JobView) },
    handle: async ({ query }) => {
      const limit = query.limit ?? DEFAULT_LIMIT;
      const below = decodeNumber(query.cursor) ?? undefined;
      const rows = await readJobs(db, { name: query.name, state: query.state, below, limit: limit + 1 });
      return pageOf(rows, limit, jobView, (row) => [String(row.id)]);
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/jobs/:id",
    permission: "operate",
    summary: "One job: its state, attempts, last error and duration",
    params: Params,
    response: { 200: JobView },
    handle: async ({ params }) => jobView(await getJob(db, params.id)),
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/jobs/:id/retry",
    permission: "operate",
    summary: "Try a job again that failed or is dead, from the start and now",
    params: Params,
    body: Type.Optional(Closed({})),
    response: { 202: JobView },
    handle: ({ params, write }) => write(async (tx) => jobView(await retryAsked(tx, params.id)), { status: 202 }),
  });
}
