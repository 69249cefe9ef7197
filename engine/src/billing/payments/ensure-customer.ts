/**
 * The errand that makes a tenant known at a gateway, once: the row is written first, and its id is the key of the call, so that two who ask
 * at once, or a crash between the call and its answer, come to the same customer. It is looked up by that id, never searched for.
 */
import { ENGINE } from "../../auth/principal.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPool } from "../../db/pool.ts";
import { invalidField, Refusal, tenantNotFound } from "../../errors.ts";
import { newId } from "../../ids.ts";
import { findBillTo } from "../tenants/store.ts";
import { profileMark, profileOf } from "./customer.ts";
import { type CustomerRow, findCustomer, insertCustomer, locateCustomer, noteReference, noteTold } from "./customer-store.ts";
import type { CustomerGateway } from "./gateway.ts";

export interface EnsureCustomer {
  tenantId: string;
  gateway: string;
  /** One that the gateway has already, to be taken over. */
  adopt?: string | undefined;
}

/** The row, with its reference. Throws where the gateway has no customers, refuses, or is away. */
export async function ensureCustomer(ctx: Context, input: EnsureCustomer): Promise<CustomerRow & { reference: string }> {
  const gateway = customersAt(ctx, input.gateway);
  const row = (await findCustomer(onPool(ctx.pool), input.tenantId, input.gateway)) ?? (await write(ctx, input, gateway));
  if (input.adopt !== undefined && row.reference !== null && row.reference !== input.adopt)
    throw new Refusal("conflict", `The tenant is ${row.reference} at ${input.gateway} already.`);
  const reference = row.reference ?? (await make(ctx, row, gateway, input.adopt));
  await tell(ctx, { ...row, reference }, gateway);
  return { ...row, reference };
}

async function write(ctx: Context, input: EnsureCustomer, gateway: CustomerGateway): Promise<CustomerRow> {
  if (input.adopt !== undefined) await assertFree(ctx, input.gateway, input.adopt, gateway);
  return commit(ctx, { principal: ENGINE, tenantId: input.tenantId, source: input.gateway }, async (tx) => {
    await insertCustomer(tx, {
      id: newId("gatewayCustomer"),
      tenant_id: input.tenantId,
      gateway: input.gateway,
      reference: input.adopt ?? null,
      told: null,
      created_at: tx.ctx.clock.now(),
    });
    const row = await findCustomer(tx, input.tenantId, input.gateway);
    if (!row) throw new Error(`the customer of ${input.tenantId} at ${input.gateway} is not there`);
    return row;
  });
}

async function make(ctx: Context, row: CustomerRow, gateway: CustomerGateway, adopt: string | undefined): Promise<string> {
  if (adopt !== undefined) await assertFree(ctx, row.gateway, adopt, gateway);
  const reference = adopt ?? (await gateway.create({ idempotencyKey: row.id, tenantId: row.tenant_id, since: row.created_at })).reference;
  return commit(ctx, { principal: ENGINE, tenantId: row.tenant_id, source: row.gateway }, async (tx) => {
    await noteReference(tx, row, reference);
    // Whoever was first has said it, and by the same key it is the same.
    return (await findCustomer(tx, row.tenant_id, row.gateway))?.reference ?? reference;
  });
}

/** Of what is told only that it is news is known here; the telling itself may be done twice. */
async function tell(ctx: Context, row: CustomerRow & { reference: string }, gateway: CustomerGateway): Promise<void> {
  const [tenant] = await findBillTo(onPool(ctx.pool), [row.tenant_id]);
  if (!tenant) throw tenantNotFound(row.tenant_id);
  const profile = profileOf(tenant);
  const mark = profileMark(profile);
  if (row.told === mark) return;
  await gateway.update(row.reference, profile);
  await commit(ctx, { principal: ENGINE, tenantId: row.tenant_id, source: row.gateway }, (tx) => noteTold(tx, row, mark));
}

async function assertFree(ctx: Context, name: string, reference: string, gateway: CustomerGateway): Promise<void> {
  if (!(await gateway.find(reference))) throw invalidField("customer", `is no customer at ${name}`);
  if (await locateCustomer(ctx.pool, name, { reference })) throw new Refusal("conflict", `${reference} is another tenant at ${name}.`);
}

function customersAt(ctx: Context, name: string): CustomerGateway {
  const customers = ctx.gateways.names().includes(name) ? ctx.gateways.get(name).customers : undefined;
  if (!customers) throw new Refusal("gateway_unavailable", `No gateway with customers is configured as ${name}.`);
  return customers;
}
