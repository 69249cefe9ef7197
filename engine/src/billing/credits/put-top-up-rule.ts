/** Sets a top-up by the calendar. What it was is replaced; what has been settled stays, and is not settled again. */
import type { Tx } from "../../commit.ts";
import { invalidField, Refusal } from "../../errors.ts";
import { newId } from "../../ids.ts";
import type { CreditProduct } from "../catalog/credit-offer.ts";
import type { TenantRef } from "../tenants/cache.ts";
import { parseInstant } from "../time/instant.ts";
import { positive } from "./ask.ts";
import { scheduleOf } from "./settle-occurrence.ts";
import { productOnSale } from "./sold-product.ts";
import { occurrenceFrom } from "./top-up-rule.ts";
import type { RuleAsked } from "./top-up-rule-schema.ts";
import { lastOccurrence, listRules, putRule, type RuleRow } from "./top-up-rule-store.ts";

const MAX_RULES = 20;

export interface PutRule {
  tenant: TenantRef;
  key: string;
  body: RuleAsked;
  before: RuleRow | null;
  products: ReadonlyMap<string, CreditProduct>;
}

/** The wallet and the rule must be locked. */
export async function putRuleFor(tx: Tx, { tenant, key, body, before, products }: PutRule): Promise<RuleRow> {
  if (!/^[a-z][a-z0-9_-]{0,63}$/.test(key)) throw invalidField("key", "must begin with a letter and have at most 64 of a-z 0-9 _ -");
  const what = whatOf(body, tenant, products);
  const startsAt = body.starts_at === undefined ? (before?.starts_at ?? tx.now) : parseInstant(body.starts_at)!;
  const endsAt = body.ends_at == null ? null : parseInstant(body.ends_at)!;
  if (endsAt !== null && endsAt <= startsAt) throw invalidField("ends_at", "must lie after starts_at");
  if (before === null && (await listRules(tx, tenant.id)).length >= MAX_RULES)
    throw new Refusal("conflict", `The tenant has ${MAX_RULES} top-ups by the calendar already; delete one first.`);
  const row: RuleRow = {
    id: before?.id ?? newId("topUpRule"),
    tenant_id: tenant.id,
    key,
    ...what,
    interval_unit: body.interval,
    interval_count: body.interval_count ?? 1,
    starts_at: startsAt,
    ends_at: endsAt,
    next_at: null,
    month_count: body.monthly_limit?.count ?? null,
    month_amount: body.monthly_limit?.amount == null ? null : BigInt(body.monthly_limit.amount),
    enabled: body.enabled ?? true,
    disabled_reason: null,
    failures: 0,
    retry_at: null,
    created_at: before?.created_at ?? tx.now,
    updated_at: tx.now,
  };
  const last = before === null ? null : await lastOccurrence(tx, tenant.id, before.id);
  const from = last === null ? tx.now : Math.max(tx.now, last + 1);
  const stored = await putRule(tx, { ...row, next_at: occurrenceFrom(scheduleOf(row, tenant), from) });
  if (stored.enabled && stored.next_at !== null && stored.next_at <= tx.now) tx.enqueue({ name: "top-ups-due", key: "top-ups-due" });
  return stored;
}

type What = Pick<RuleRow, "source" | "product_key" | "quantity" | "amount" | "target" | "priority" | "reason" | "expires">;

/** What it brings; each field that does not go with the source is a fault. */
function whatOf(body: RuleAsked, tenant: TenantRef, products: ReadonlyMap<string, CreditProduct>): What {
  const source = body.source ?? "purchase";
  const target = body.target === undefined ? null : positive("target", body.target).toFixed();
  const reason = body.reason ?? null;
  if (source === "purchase") {
    if (body.product === undefined) throw invalidField("product", "is required: what is bought");
    for (const field of ["amount", "priority", "expires_at_next"] as const)
      if (body[field] != null) throw invalidField(field, "goes with a source that grants, not with a purchase");
    if (target !== null && body.quantity !== undefined) throw invalidField("target", "stands instead of quantity; give one of them");
    if (body.monthly_limit?.amount === 0) throw invalidField("monthly_limit.amount", "must be above zero");
    const product = productOnSale(products, body.product, tenant);
    const quantity = target === null ? (body.quantity ?? 1) : null;
    return { source, product_key: product.key, quantity, amount: null, target, priority: null, reason, expires: false };
  }
  for (const field of ["product", "quantity", "monthly_limit"] as const)
    if (body[field] !== undefined) throw invalidField(field, "goes with a purchase, not with what is granted");
  if ((body.amount === undefined) === (target === null)) throw invalidField("amount", "exactly one of amount and target must be there");
  const amount = body.amount === undefined ? null : positive("amount", body.amount).toFixed();
  const expires = body.expires_at_next ?? false;
  return { source, product_key: null, quantity: null, amount, target, priority: body.priority ?? null, reason, expires };
}
