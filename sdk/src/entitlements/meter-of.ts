/** Which usage event counts a feature: what a consumption is recorded as when the engine could not be asked. */

import type { Transport } from "../transport.ts";
import type { Answer } from "../types.ts";
import type { UsageEvent } from "../usage/event.ts";
import { type Quantity, wholeUnits } from "./quantity.ts";

type Meter = Answer<"GET", "/v1/meters/{key}">;

export interface Consumption {
  tenant: string;
  feature: string;
  quantity: Quantity;
  properties?: Record<string, unknown>;
  key: string;
}

// As the engine has it: more are for usage.record.
const MAX_COUNTED = 1_000;

export class MeterOf {
  readonly #transport: Transport;
  readonly #meters = new Map<string, Meter | null>();
  readonly #asking = new Map<string, Promise<void>>();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Asks once for each feature, while the engine is there. */
  learn(feature: string): Promise<void> {
    if (this.#meters.has(feature)) return Promise.resolve();
    let asking = this.#asking.get(feature);
    if (!asking) {
      asking = this.#ask(feature)
        .catch(() => undefined)
        .finally(() => this.#asking.delete(feature));
      this.#asking.set(feature, asking);
    }
    return asking;
  }

  /** The events by which the engine's own `consume` records, so that they are the same events wherever they come from; null: not known. */
  eventsOf({ tenant, feature, quantity, properties = {}, key }: Consumption): UsageEvent[] | null {
    const meter = this.#meters.get(feature);
    if (!meter) return null;
    const base = { tenant_id: tenant, event: meter.event, properties: { ...onlyValues(meter), ...properties } };
    if (meter.aggregation === "count") {
      const count = wholeUnits(quantity);
      if (count < 1 || count > MAX_COUNTED) return null;
      return Array.from({ length: count }, (_none, i) => ({ ...base, idempotency_key: i === 0 ? key : `${key}#${i + 1}` }));
    }
    if (meter.aggregation === "unique_count") return [{ ...base, idempotency_key: key }];
    return meter.property
      ? [{ ...base, properties: { ...base.properties, [meter.property]: quantity }, idempotency_key: key }]
      : [{ ...base, amount: quantity, idempotency_key: key }];
  }

  async #ask(key: string): Promise<void> {
    const call = { retries: 0, timeout: 5_000 };
    const feature = await this.#transport.request("GET", "/v1/features/{key}", { path: { key }, ...call });
    const meter = feature.meter
      ? await this.#transport.request("GET", "/v1/meters/{key}", { path: { key: feature.meter }, ...call })
      : null;
    this.#meters.set(key, meter);
  }
}

/** A filter that lets one value pass says what it is. */
function onlyValues({ filters }: Meter): Record<string, string> {
  return Object.fromEntries(Object.entries(filters ?? {}).flatMap(([name, values]) => (values?.length === 1 ? [[name, values[0]!]] : [])));
}
