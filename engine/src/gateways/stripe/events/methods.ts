/** Payment methods: that one came, changed or went. How it is now is asked of Stripe, since this may be old news. */
import { isRecord } from "../../../http/json.ts";
import { idIn, optionalText, textIn } from "../objects.ts";
import { type Interpret, objectOf } from "./payload.ts";

const changed: Interpret = (payload) => ({ kind: "method", reference: textIn(objectOf(payload, "payment_method"), "id") });

const setUp: Interpret = (payload) => {
  const intent = objectOf(payload, "setup_intent");
  const reference = idIn(intent, "payment_method");
  return reference === null ? "Nothing was left." : { kind: "method", reference };
};

const setUpFailed: Interpret = (payload) => {
  const error = objectOf(payload, "setup_intent").last_setup_error;
  const words = isRecord(error) ? optionalText(error, "message") : null;
  return `No method was left: ${words ?? "it failed"}`;
};

export const methodEvents = {
  "payment_method.attached": changed,
  "payment_method.updated": changed,
  "payment_method.automatically_updated": changed,
  "payment_method.detached": changed,
  "setup_intent.succeeded": setUp,
  "setup_intent.setup_failed": setUpFailed,
} satisfies Record<string, Interpret>;
