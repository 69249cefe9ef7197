/** The processors of this engine, by name. */
import type { OutsideProcessor, Processor, ProcessorRegistry } from "../billing/subscriptions/processor.ts";
import { invalidField } from "../errors.ts";
import { engineProcessor } from "./engine/processor.ts";

export function createProcessorRegistry(outside: readonly OutsideProcessor[]): ProcessorRegistry {
  const all: readonly Processor[] = [engineProcessor, ...outside];
  return {
    get(name) {
      const found = all.find((one) => one.name === name);
      if (!found)
        throw invalidField("processor", `${name} is not configured on this engine; use ${all.map((one) => one.name).join(" or ")}`);
      return found;
    },
    outside: (name) => outside.find((one) => one.name === name) ?? null,
  };
}
