import { isRecord } from "../../../http/json.ts";
import type { StripeReader } from "../event-reader.ts";
import { expandedIn, idIn, ours, textIn } from "../objects.ts";
import { objectOf } from "../payload.ts";
import { refundFact } from "../refund-fact.ts";
import { report } from "../reports.ts";

export const chargeRefunded: StripeReader = {
  types: ["charge.refunded"],
  read(payload) {
    const object = objectOf(payload, "charge");
    const list = expandedIn(object, "refunds")?.data;
    // The newest first: each was told of when it was made.
    const [newest] = Array.isArray(list) ? list.filter(isRecord) : [];
    if (newest) return refundFact(newest, object);
    if (ours(object, "payment") !== null || ours(object, "checkout") !== null) return "The refund itself is told of by events of its own.";
    return report({ charge: textIn(object, "id"), invoice: idIn(object, "invoice"), customer: idIn(object, "customer"), money: true });
  },
};
