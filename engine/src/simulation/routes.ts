/** HTTP of test clocks. Sandbox mode only: in live mode time passes by itself. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { formatInstant, parseInstant } from "../billing/time/instant.ts";
import type { Context } from "../context.ts";
import { onPool } from "../db/pool.ts";
import { Refusal } from "../errors.ts";
import { DEFAULT_LIMIT, decodeCursor, pageOf } from "../http/list.ts";
import { route } from "../http/route.ts";
import { Closed, Instant, ListQuery, Named, Page, Text } from "../http/schema.ts";
import { newId } from "../ids.ts";
import { deleteClock, findClock, insertClock, listClocks, type TestClockRow } from "./store.ts";
import { advanceClock } from "./test-clock.ts";

const ClockView = Named("TestClock", Type.Object({ id: Type.String(), name: Type.String(), now: Instant(), created_at: Instant() }));
const Params = Type.Object({ id: Type.String({ maxLength: 64 }) });

export function testClockRoutes(app: FastifyInstance, ctx: Context): void {
  if (ctx.config.mode !== "sandbox") return;

  route(app, ctx, {
    method: "POST",
    url: "/v1/test-clocks",
    permission: "admin",
    summary: "Make a test clock",
    body: Closed({ name: Type.Optional(Text(200)), now: Type.Optional(Instant()) }),
    response: { 201: ClockView },
    handle: ({ body, write }) =>
      write(
        async (tx) => {
          const row = { id: newId("testClock"), name: body.name ?? "", now: body.now === undefined ? tx.now : parseInstant(body.now)! };
          await insertClock(tx, row);
          return { id: row.id, name: row.name, now: formatInstant(row.now), created_at: formatInstant(tx.now) };
        },
        { status: 201 },
      ),
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/test-clocks",
    permission: "admin",
    summary: "List test clocks, newest first",
    query: Closed(ListQuery),
    response: { 200: Page(ClockView) },
    handle: async ({ query }) => {
      const limit = query.limit ?? DEFAULT_LIMIT;
      const rows = await listClocks(onPool(ctx.pool), decodeCursor(query.cursor, 1)?.[0] ?? null, limit + 1);
      return pageOf(rows, limit, clockView, (row) => [row.id]);
    },
  });

  route(app, ctx, {
    method: "GET",
    url: "/v1/test-clocks/:id",
    permission: "admin",
    summary: "Read a test clock",
    params: Params,
    response: { 200: ClockView },
    handle: async ({ params }) => clockView(await clockOf(ctx, params.id)),
  });

  route(app, ctx, {
    method: "POST",
    url: "/v1/test-clocks/:id/advance",
    permission: "admin",
    summary: "Move a test clock and run all that falls due on the way, in order",
    params: Params,
    body: Closed({ to: Instant() }),
    response: {
      200: Type.Object({
        id: Type.String(),
        now: Instant(),
        ran: Type.Object({ renewals: Type.Integer(), invoices: Type.Integer(), payments: Type.Integer() }),
      }),
    },
    handle: async ({ params, body }) => {
      const { id, now, ran } = await advanceClock(ctx, { id: params.id, to: parseInstant(body.to)! });
      return { id, now: formatInstant(now), ran };
    },
  });

  route(app, ctx, {
    method: "DELETE",
    url: "/v1/test-clocks/:id",
    permission: "admin",
    summary: "Delete a test clock that no tenant is on",
    params: Params,
    response: { 200: Type.Object({ id: Type.String(), deleted: Type.Boolean() }) },
    handle: async ({ params, write }) => {
      await clockOf(ctx, params.id);
      return write(async (tx) => {
        if (!(await deleteClock(tx, params.id)))
          throw new Refusal("invalid_state", "Tenants are on this test clock, so it cannot be deleted.");
        return { id: params.id, deleted: true };
      });
    },
  });
}

async function clockOf(ctx: Context, id: string): Promise<TestClockRow> {
  const row = await findClock(onPool(ctx.pool), id);
  if (!row) throw new Refusal("not_found", "There is no such test clock.");
  return row;
}

function clockView(row: TestClockRow) {
  return { id: row.id, name: row.name, now: formatInstant(row.now_at), created_at: formatInstant(row.created_at) };
}
