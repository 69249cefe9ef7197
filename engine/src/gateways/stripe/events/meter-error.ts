/** Stripe could not use what its meter was sent. The event is thin: what it tells is read there. */

import type { StripeReader } from "../event-reader.ts";
import { expandedIn, type Json, optionalText } from "../objects.ts";
import { report } from "../reports.ts";

export const meterError: StripeReader = {
  types: ["v1.billing.meter.error_report_triggered", "v1.billing.meter.no_meter_found"],
  read(payload: Json) {
    const id = optionalText(payload, "id");
    if (payload.object === "v2.core.event" && id !== null) return report({ refusedUsage: id });
    const summary = optionalText(expandedIn(payload, "data"), "developer_message_summary");
    return `Stripe could not use what its meter was sent: ${summary ?? "no summary"}`;
  },
};
