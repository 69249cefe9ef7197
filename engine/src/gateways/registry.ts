/** The gateways that this engine may collect through, by name. */
import type { PaymentGateway } from "../billing/payments/gateway.ts";

export interface GatewayRegistry {
  /** Throws where the name is none that is configured. */
  get(name: string): PaymentGateway;
  names(): readonly string[];
}

/** `watch`: what is told of each call. */
export function createGatewayRegistry(
  gateways: readonly PaymentGateway[],
  watch: (gateway: PaymentGateway) => PaymentGateway = (gateway) => gateway,
): GatewayRegistry {
  const byName = new Map(gateways.map((gateway) => [gateway.name, watch(gateway)]));
  return {
    get(name) {
      const gateway = byName.get(name);
      if (!gateway) throw new Error(`The gateway ${name} is not configured; configured are: ${[...byName.keys()].join(", ") || "none"}.`);
      return gateway;
    },
    names: () => [...byName.keys()],
  };
}
