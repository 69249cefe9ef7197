/** The gateways that this engine may collect through, by name. */
import type { PaymentGateway } from "../billing/payments/gateway.ts";

export interface GatewayRegistry {
  /** Throws where the name is none that is configured. */
  get(name: string): PaymentGateway;
  names(): readonly string[];
}

export function createGatewayRegistry(gateways: readonly PaymentGateway[]): GatewayRegistry {
  const byName = new Map(gateways.map((gateway) => [gateway.name, gateway]));
  return {
    get(name) {
      const gateway = byName.get(name);
      if (!gateway) throw new Error(`The gateway ${name} is not configured; configured are: ${[...byName.keys()].join(", ") || "none"}.`);
      return gateway;
    },
    names: () => [...byName.keys()],
  };
}
