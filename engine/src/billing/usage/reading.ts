/** Which meters read an event, and what of it. */
import type { CatalogSnapshot } from "../catalog/cache.ts";
import type { Meter } from "../catalog/meter.ts";
import { decimal } from "../money/decimal.ts";
import type { Reading } from "./event.ts";
import { matches, type Properties, propertyText } from "./filter.ts";
import { groupKey, groupOf } from "./group.ts";

const QUANTITY = /^-?\d{1,26}(\.\d{1,20})?$/;
// Nearly all quantities come in the form that they are stored in.
const SHORTEST = /^(?:0|-?[1-9]\d{0,25}(?:\.\d{0,19}[1-9])?|-?0\.\d{0,19}[1-9])$/;

/** The decimal text of a quantity, a number or a text, in its shortest form; null where it is none that can be stored exactly. */
export function quantityText(value: unknown): string | null {
  let text: string;
  if (typeof value === "string") text = value;
  else if (typeof value === "number" && Number.isFinite(value)) {
    text = String(value);
    if (text.includes("e")) text = decimal(value).toFixed();
  } else return null;
  if (SHORTEST.test(text)) return text;
  if (!QUANTITY.test(text)) return null;
  const shortest = decimal(text).toFixed();
  return shortest === "-0" ? "0" : shortest;
}

const byEvent = new WeakMap<CatalogSnapshot, Map<string, Meter[]>>();

/**
 * The meters that read events of this name. Archived ones go on: a plan that was sold may still price them, and a meter that
 * comes back must not have missed anything.
 */
export function metersOf(catalog: CatalogSnapshot, event: string): readonly Meter[] {
  let index = byEvent.get(catalog);
  if (!index) {
    index = Map.groupBy(catalog.meters.values(), (meter) => meter.event);
    byEvent.set(catalog, index);
  }
  return index.get(event) ?? [];
}

/** Whether the value of an event is a number that is aggregated. */
export function needsNumber(meter: Meter): boolean {
  return meter.aggregation !== "count" && meter.aggregation !== "unique_count";
}

/**
 * What a meter reads: null if its filters pass the event by. Where the meter needs what the event has not, `fault` is told the
 * field; of an archived meter nothing is demanded.
 */
export function readEvent(
  meter: Meter,
  amount: string,
  properties: Properties,
  fault: (path: string, message: string) => void,
): Reading | null {
  if (!matches(meter.filters, properties)) return null;
  const complain = (path: string, message: string): null => {
    if (!meter.archived) fault(path, message);
    return null;
  };
  let value: string | null = null;
  if (needsNumber(meter)) {
    if (meter.property === null) value = amount;
    else {
      value = quantityText(Object.hasOwn(properties, meter.property) ? properties[meter.property] : undefined);
      if (value === null) {
        const missing = !Object.hasOwn(properties, meter.property);
        return complain(
          `properties.${meter.property}`,
          missing
            ? `is required: the meter ${meter.key} reads it`
            : `must be a number of at most 26 digits before and 20 after the point: the meter ${meter.key} reads it`,
        );
      }
    }
  } else if (meter.aggregation === "unique_count") {
    if (meter.property !== null && propertyText(properties, meter.property) === null) {
      return complain(`properties.${meter.property}`, `must be a text, a number or a boolean: the meter ${meter.key} counts its values`);
    }
    const operation = Object.hasOwn(properties, "operation_type") ? properties.operation_type : "add";
    if (operation !== "add" && operation !== "remove") return complain("properties.operation_type", 'must be "add" or "remove"');
  }
  const key = meter.groupBy.length === 0 ? "" : groupKey(groupOf(meter.groupBy, properties));
  return { meter, groupKey: key, value };
}
