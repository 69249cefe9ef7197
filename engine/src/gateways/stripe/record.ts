/** What the SDK answers, as the readers of webhooks take it: one way of reading both, whatever version of the API wrote it. */
import type { Json } from "./objects.ts";

export function record(object: object): Json {
  return { ...object };
}
