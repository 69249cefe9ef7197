/** Keeps a payment method of a tenant, once by the gateway's name of it. */
import type { Tx } from "../../commit.ts";
import { newId } from "../../ids.ts";
import { lockTenant } from "../tenants/store.ts";
import type { GatewayMethod } from "./gateway.ts";
import { findByReference, findDefaultMethod, findMethod, insertMethod, type MethodRow, makeDefault, updateCard } from "./method-store.ts";

export interface NewMethod extends GatewayMethod {
  tenantId: string;
  gateway: string;
}

/**
 * The newest method is the one that people mean to pay with: it becomes the default, unless the gateway made the one that is the default
 * later, for methods may be told of in any order. One that is known already gets its card's news; one that was detached stays so.
 */
export async function addMethod(tx: Tx, input: NewMethod): Promise<MethodRow> {
  // Which is the newest is decided one after the other.
  await lockTenant(tx, input.tenantId);
  const id = newId("paymentMethod");
  const card = {
    tenant_id: input.tenantId,
    gateway: input.gateway,
    reference: input.reference,
    kind: input.kind ?? "card",
    brand: input.brand,
    last4: input.last4,
    exp_month: input.expMonth === undefined ? 12 : input.expMonth,
    exp_year: input.expYear === undefined ? 2040 : input.expYear,
    made_at: input.madeAt ?? null,
  };
  if (!(await insertMethod(tx, { id, ...card, detached_at: null }))) {
    const known = await findByReference(tx, input.tenantId, input.gateway, input.reference);
    // Whose it is does not change at a gateway.
    if (!known) throw new Error(`The payment method ${input.reference} of ${input.gateway} belongs to another tenant.`);
    if (known.detached_at === null) await updateCard(tx, { ...known, ...card });
    return { ...known, ...card };
  }
  const before = await findDefaultMethod(tx, input.tenantId, input.gateway);
  const older = before?.made_at != null && card.made_at !== null && card.made_at < before.made_at;
  return ((older ? null : await makeDefault(tx, input.tenantId, id)) ?? (await findMethod(tx, input.tenantId, id)))!;
}
