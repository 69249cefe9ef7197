/** The gateways that this engine may collect through, by name. */
import type { PaymentGateway } from "../billing/payments/gateway.ts";
import { manualGateway } from "./manual/gateway.ts";

export interface GatewayRegistry {
  /** Throws where the name is none that is configured. */
  get(name: string): PaymentGateway;
  /** Those that collect. Money from outside (`manual`) is always there, and collects nothing. */
  names(): readonly string[];
}

/** `watch`: what is told of each call. */
export function createGatewayRegistry(
  gateways: readonly PaymentGateway[],
  watch: (gateway: PaymentGateway) => PaymentGateway = (gateway) => gateway,
): GatewayRegistry {
  const byName = new Map([...gateways, manualGateway()].map((gateway) => [gateway.name, watch(gateway)]));
  const names = gateways.map((gateway) => gateway.name);
  return {
    get(name) {
      const gateway = byName.get(name);
      if (!gateway) throw new Error(`The gateway ${name} is not configured; configured are: ${names.join(", ") || "none"}.`);
      return gateway;
    },
    names: () => names,
  };
}
