/** Pausing and ending, told plainly: what stops, when, and whether it can be taken back. */
import { useState } from "react";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Confirm } from "../../parts/dialog.tsx";
import { Choices, TextField } from "../../parts/field.tsx";
import { engine } from "../../session/engine.ts";
import { type Billing, refresh } from "./data.ts";
import { endOf } from "./what-next.ts";

export function EndCard({ billing }: { billing: Billing }) {
  const [open, setOpen] = useState<"cancel" | "pause" | null>(null);
  const { subscription } = billing.summary;
  const close = () => setOpen(null);
  const mayPause = ["active", "trialing", "past_due"].includes(subscription.status);
  return (
    <Card title="Pause or end" about="Nothing is lost by either: invoices and history stay.">
      <div className="flex flex-wrap gap-2.5">
        {mayPause && <Button onClick={() => setOpen("pause")}>Pause</Button>}
        {endOf(subscription) === null && (
          <Button look="danger" onClick={() => setOpen("cancel")}>
            Cancel the subscription
          </Button>
        )}
      </div>
      {open === "cancel" && <Cancel billing={billing} onClose={close} />}
      {open === "pause" && <Pause billing={billing} onClose={close} />}
    </Card>
  );
}

function Cancel({ billing: { tenant, summary, time, planName }, onClose }: { billing: Billing; onClose: () => void }) {
  const { subscription } = summary;
  const [when, setWhen] = useState<"period_end" | "now">("period_end");
  const [reason, setReason] = useState("");
  const end = subscription.trial_end && subscription.status === "trialing" ? subscription.trial_end : subscription.current_period_end!;
  return (
    <Confirm
      open
      danger
      onClose={onClose}
      title={`Cancel ${planName(subscription.plan)}`}
      deed={when === "now" ? "End it now" : "Cancel it"}
      done={when === "now" ? "The subscription has ended." : `It ends on ${time.date(end)}. Until then it can be taken back.`}
      act={async () => {
        await engine.subscriptions.cancel(tenant, { when, ...(reason.trim() ? { reason: reason.trim() } : {}) });
        await refresh(tenant);
      }}
    >
      <div className="space-y-5">
        <Choices
          label="When"
          value={when}
          onChange={setWhen}
          options={[
            ["period_end", `On ${time.date(end)}`, "Everything works until then, it does not renew, and it can be taken back."],
            ["now", "Now", "Access ends at once. What was used is billed. This cannot be taken back."],
          ]}
        />
        <TextField label="Why, if you like to say" maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} />
      </div>
    </Confirm>
  );
}

function Pause({ billing: { tenant, now, time }, onClose }: { billing: Billing; onClose: () => void }) {
  const [until, setUntil] = useState("");
  const tomorrow = time.iso(new Date(Date.parse(now) + 86_400_000).toISOString());
  return (
    <Confirm
      open
      onClose={onClose}
      title="Pause"
      about="While it is paused nothing is charged and nothing can be used. What was paid and not served is given back when it goes on."
      deed="Pause it"
      done="Paused."
      act={async () => {
        await engine.subscriptions.pause(tenant, until ? { resumes_at: time.midnight(until) } : {});
        await refresh(tenant);
      }}
    >
      <TextField
        label="Go on by itself on"
        type="date"
        min={tomorrow}
        value={until}
        hint="Leave it empty to go on when you say so."
        onChange={(event) => setUntil(event.target.value)}
      />
    </Confirm>
  );
}
