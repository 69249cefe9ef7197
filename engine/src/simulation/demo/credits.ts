/** What the demo's customers spend of their credits: a few of them, on every working day, more of it towards the month's end. */
import { DAY } from "../../billing/time/civil.ts";
import { formatInstant, type Instant } from "../../billing/time/instant.ts";
import type { Api } from "./api.ts";
import type { DemoMonth } from "./month.ts";

/** Inferences on an ordinary day, at the 25 credits that one costs. */
const SPENDERS: Readonly<Record<string, number>> = {
  "kestrel-robotics": 11,
  "brightwater-health": 34,
  "saffron-street-labs": 14,
  "fernhill-schools": 2,
  "hoshino-seiki": 9,
};

/** Of the UTC day that ends at `to`, once: what was spent before is recognised by its key. Nobody is on the road to ruin: too little left is no error. */
export async function spendCredits(api: Api, month: DemoMonth, to: Instant): Promise<void> {
  const day = Math.round((to - month.start) / DAY);
  const isMidnight = month.start + day * DAY === to;
  // 1 January 1970 was a Thursday.
  const weekday = (Math.floor(to / DAY) + 3) % 7;
  if (!isMidnight || to > month.end || weekday >= 5) return;
  for (const [tenant, ordinary] of Object.entries(SPENDERS)) {
    const quantity = ordinary + ((day * 7 + tenant.length) % 5) + Math.floor((ordinary * day) / 60);
    await api.post(
      `/v1/tenants/${tenant}/credits/consume`,
      { event_name: "ai_inference", quantity, idempotency_key: `demo ${formatInstant(to)}` },
      ["insufficient_credits"],
    );
  }
}
