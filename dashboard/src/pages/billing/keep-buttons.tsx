/** What takes back what was arranged: a cancellation, a change, a pause. */
import { useState } from "react";
import { Button } from "../../parts/button.tsx";
import { complain, say } from "../../parts/toast.tsx";
import { engine } from "../../session/engine.ts";
import { type Billing, refresh } from "./data.ts";
import { endOf } from "./what-next.ts";

export function KeepButtons({ billing: { tenant, summary } }: { billing: Billing }) {
  const { subscription } = summary;
  const [busy, setBusy] = useState(false);
  const run = async (act: () => Promise<unknown>, done: string) => {
    setBusy(true);
    try {
      await act();
      await refresh(tenant);
      say(done);
    } catch (error) {
      complain(error);
    } finally {
      setBusy(false);
    }
  };
  const button = (words: string, act: () => Promise<unknown>, done: string) => (
    <Button size="small" busy={busy} onClick={() => void run(act, done)}>
      {words}
    </Button>
  );
  if (subscription.status === "paused") return button("Resume", () => engine.subscriptions.resume(tenant), "It goes on.");
  if (["active", "trialing", "past_due"].includes(subscription.status) && endOf(subscription) !== null)
    return button(
      "Let it go on",
      () =>
        subscription.cancel_at
          ? engine.subscriptions.revokeCancellation(tenant)
          : engine.subscriptions.update(tenant, { auto_renew: true }),
      "The cancellation was taken back.",
    );
  if (subscription.scheduled_change)
    return button(
      "Keep it as it is",
      () => engine.subscriptions.changePlan(tenant, { plan: subscription.plan!, when: "period_end" }),
      "The change was taken back.",
    );
  return null;
}
