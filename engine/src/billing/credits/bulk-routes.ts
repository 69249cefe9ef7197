/** HTTP of grants to many tenants at once. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Context } from "../../context.ts";
import { type Fault, invalid } from "../../errors.ts";
import { originOf, route } from "../../http/route.ts";
import { Closed, Instant, Nullable, OneOf, PositiveQuantity, Quantity, Text } from "../../http/schema.ts";
import { decimal, ZERO } from "../money/decimal.ts";
import { parseInstant } from "../time/instant.ts";
import { SOURCES } from "./grant.ts";
import { type BulkOutcome, grantInBulk } from "./grant-in-bulk.ts";

const BODY_LIMIT = 8 * 1_048_576;
export const MAX_ROWS = 10_000;

const Body = Closed({
  amount: Type.Optional(PositiveQuantity("Credits for each row that names no amount of its own.")),
  source: Type.Optional(OneOf(SOURCES, "promotion if not said.")),
  priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 255, description: "Lower burns first; by the source if not said." })),
  effective_at: Type.Optional(Instant("At once if not said.")),
  expires_at: Type.Optional(Instant("Never if not said.")),
  reason: Type.Optional(Text(500)),
  idempotency_key: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description:
        "The same key grants each row once, for ever. If not said (nor as a header), the request itself is its key: sent again, it only does what is missing.",
    }),
  ),
  grants: Type.Array(
    Closed({
      tenant_id: Type.String({ minLength: 1, maxLength: 128 }),
      amount: Type.Optional(PositiveQuantity()),
      reason: Type.Optional(Text(500)),
      idempotency_key: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
    }),
    { minItems: 1, maxItems: MAX_ROWS },
  ),
});

const Row = Type.Object({
  index: Type.Integer(),
  tenant_id: Type.String(),
  status: OneOf(["granted", "replayed", "refused"], "replayed: it had been granted before."),
  grant_id: Nullable(Type.String()),
  amount: Nullable(Quantity()),
  code: Nullable(Type.String({ description: "Why a row was refused." })),
  detail: Nullable(Type.String()),
});

export function bulkGrantRoutes(app: FastifyInstance, ctx: Context): void {
  route(app, ctx, {
    method: "POST",
    url: "/v1/credits/grants",
    permission: "admin",
    summary: "Grant credits to up to 10,000 tenants, a result a row",
    body: Body,
    bodyLimit: BODY_LIMIT,
    response: {
      200: Type.Object({ granted: Type.Integer(), replayed: Type.Integer(), refused: Type.Integer(), results: Type.Array(Row) }),
    },
    handle: async ({ body, request, principal }) => {
      const faults: Fault[] = [];
      const rows = body.grants.map((row, index) => {
        const amount = row.amount ?? body.amount;
        if (amount === undefined)
          faults.push({ path: `grants[${index}].amount`, message: "is required: the request has no amount for all" });
        else if (decimal(amount).lte(ZERO))
          faults.push({ path: row.amount === undefined ? "amount" : `grants[${index}].amount`, message: "must be above zero" });
        return { tenantId: row.tenant_id, amount: decimal(amount ?? 0), key: row.idempotency_key ?? null, reason: row.reason ?? null };
      });
      const [effectiveAt, expiresAt] = [instantOf(body.effective_at), instantOf(body.expires_at)];
      if (effectiveAt !== null && expiresAt !== null && expiresAt <= effectiveAt)
        faults.push({ path: "expires_at", message: "must be after effective_at" });
      if (faults.length > 0) throw invalid(faults.slice(0, 100));
      const header = request.headers["idempotency-key"];
      const outcomes = await grantInBulk(
        ctx,
        { principal, origin: originOf(request) },
        {
          source: body.source ?? "promotion",
          priority: body.priority ?? null,
          effectiveAt,
          expiresAt,
          reason: body.reason ?? null,
          key: body.idempotency_key ?? (typeof header === "string" ? header : null),
          rows,
        },
      );
      const count = (status: BulkOutcome["status"]) => outcomes.filter((one) => one.status === status).length;
      return { granted: count("granted"), replayed: count("replayed"), refused: count("refused"), results: outcomes.map(rowView) };
    },
  });
}

function rowView(outcome: BulkOutcome, index: number) {
  const about = { index, tenant_id: outcome.tenantId, status: outcome.status };
  if (outcome.status === "refused") return { ...about, grant_id: null, amount: null, code: outcome.code, detail: outcome.detail };
  return { ...about, grant_id: outcome.grantId, amount: outcome.amount, code: null, detail: null };
}

function instantOf(text: string | undefined): number | null {
  return text === undefined ? null : parseInstant(text);
}
