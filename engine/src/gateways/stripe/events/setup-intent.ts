/** A setup intent was finished: the method that was left by it. */
import type { StripeReader } from "../event-reader.ts";
import { expandedIn, idIn, optionalText } from "../objects.ts";
import { objectOf } from "../payload.ts";

export const setupIntent: StripeReader = {
  types: ["setup_intent.succeeded", "setup_intent.setup_failed"],
  read(payload) {
    const intent = objectOf(payload, "setup_intent");
    if (payload.type === "setup_intent.setup_failed")
      return `No method was left: ${optionalText(expandedIn(intent, "last_setup_error"), "message") ?? "it failed"}`;
    const reference = idIn(intent, "payment_method");
    return reference === null ? "Nothing was left." : { kind: "method", reference };
  },
};
