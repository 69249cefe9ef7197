/** Keeps a payment method of a tenant; the first one, or one that asks for it, becomes the default. */
import type { Tx } from "../../commit.ts";
import { newId } from "../../ids.ts";
import { findDefaultMethod, insertMethod, type MethodRow, makeDefault } from "./store.ts";

export interface NewMethod {
  tenantId: string;
  gateway: string;
  reference: string;
  brand: string;
  last4: string;
}

export async function addMethod(tx: Tx, input: NewMethod): Promise<MethodRow> {
  const id = newId("paymentMethod");
  await insertMethod(tx, {
    id,
    tenant_id: input.tenantId,
    gateway: input.gateway,
    reference: input.reference,
    kind: "card",
    brand: input.brand,
    last4: input.last4,
    exp_month: 12,
    exp_year: 2040,
  });
  // The newest method is the one that people mean to pay with.
  const row = await makeDefault(tx, input.tenantId, id);
  return row ?? (await findDefaultMethod(tx, input.tenantId, input.gateway))!;
}
