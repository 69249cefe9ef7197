/** The gateways that this engine may collect through, by name. */
import type { PaymentGateway } from "../billing/payments/gateway.ts";

export interface GatewayRegistry {
  /** Throws where the name is none that is configured. */
  get(name: string): PaymentGateway;
  names(): readonly string[];
}
