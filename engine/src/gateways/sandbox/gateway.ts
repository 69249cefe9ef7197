/**
 * The gateway that needs nobody: outcomes follow from the test card, every answer is remembered by its key as a real
 * gateway does, and a tenant without a card pays, so that a first invoice is paid without any set-up; unless it is told otherwise.
 */
import type { PaymentGateway } from "../../billing/payments/gateway.ts";
import type { Clock } from "../../clock.ts";
import type { Pool } from "../../db/pool.ts";
import { type SandboxSettings, sandboxCharges } from "./charges.ts";
import { sandboxCheckouts } from "./checkout.ts";
import { sandboxMethods } from "./setups.ts";

export function sandboxGateway(pool: Pool, clock: Clock, settings: SandboxSettings): PaymentGateway {
  const charges = sandboxCharges(pool, clock, settings);
  const checkouts = sandboxCheckouts(pool, clock, settings.publicUrl, charges);
  return {
    ...charges,
    createCheckout: checkouts.create,
    findCheckout: checkouts.find,
    // Made by being named.
    customers: {
      create: async ({ idempotencyKey }) => ({ reference: `sandbox_${idempotencyKey}` }),
      update: async () => undefined,
      find: async (reference) => (reference.startsWith("sandbox_") ? { reference, defaultMethod: null } : null),
    },
    methods: sandboxMethods(pool, clock),
  };
}
