/** Stripe could not use what its meter was sent: said where the event is looked at. */

import type { StripeReader } from "../event-reader.ts";
import { expandedIn, type Json, optionalText } from "../objects.ts";

export const meterError: StripeReader = {
  types: ["v1.billing.meter.error_report_triggered", "v1.billing.meter.no_meter_found"],
  read(payload: Json) {
    const summary = optionalText(expandedIn(payload, "data"), "developer_message_summary");
    return `Stripe could not use what its meter was sent: ${summary ?? "no summary"}`;
  },
};
