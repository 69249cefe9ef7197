/** What wants somebody's eyes, and when something does. */
import type { Answer } from "@billwright/client";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { BellOff, Check } from "lucide-react";
import { useState } from "react";
import { Badge, type Tone } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Card, PageHead } from "../../parts/card.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { SelectField, TextField } from "../../parts/field.tsx";
import { Paged } from "../../parts/paged.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { complain, say } from "../../parts/toast.tsx";
import { engine } from "../../session/engine.ts";
import { utc } from "./data.ts";
import { TenantLink } from "./tenant-link.tsx";

type Rule = Answer<"GET", "/v1/alert-rules">["items"][number];

const STATES = ["open", "acknowledged", "resolved"] as const;
type State = (typeof STATES)[number];
const TONES: Record<State, Tone> = { open: "warn", acknowledged: "info", resolved: "good" };
const KINDS: Record<string, string> = {
  low_credits: "Low credits",
  payment_failed: "Failed payment",
  cancellation: "Cancellation",
  unusual_usage: "Unusual use",
};

export function AlertsPage() {
  const [state, setState] = useState<State | "">("open");
  const cache = useQueryClient();
  const acknowledge = async (id: string) => {
    try {
      await engine.request("POST", "/v1/alerts/{id}/acknowledge", { path: { id } });
      say("Seen.");
      await cache.invalidateQueries({ queryKey: ["desk", "alerts"] });
    } catch (error) {
      complain(error);
    }
  };
  return (
    <>
      <PageHead title="Alerts" about="Raised once, when something begins to be so; each is an event, a webhook and a mail, too." />
      <div className="space-y-5">
        <Paged
          label="Alerts"
          queryKey={["desk", "alerts", state]}
          load={(page, signal) => engine.request("GET", "/v1/alerts", { query: { ...page, ...(state ? { state } : {}) }, signal })}
          keyOf={(row) => row.id}
          title="What happened"
          actions={
            <SelectField
              small
              hideLabel
              label="State"
              options={[["", "All"], ...STATES.map((one) => [one, one] as const)]}
              value={state}
              onChange={(event) => setState(event.target.value as State | "")}
            />
          }
          empty={
            <Empty icon={<BellOff aria-hidden className="size-5" />} title="Nothing wants you">
              Low credits, failed payments, cancellations and unusual use would be here.
            </Empty>
          }
          columns={[
            { key: "at", head: "Raised", cell: (row) => utc.dateTime(row.raised_at) },
            { key: "kind", head: "What", cell: (row) => KINDS[row.kind] ?? row.kind },
            { key: "tenant", head: "Tenant", cell: (row) => <TenantLink id={row.tenant_id} /> },
            { key: "summary", head: "In a sentence", cell: (row) => row.summary },
            { key: "state", head: "State", cell: (row) => <Badge tone={TONES[row.state as State]}>{row.state}</Badge> },
            {
              key: "seen",
              head: <span className="sr-only">Acknowledge</span>,
              number: true,
              cell: (row) =>
                row.state === "open" && (
                  <Button
                    size="small"
                    look="quiet"
                    aria-label={`Seen: ${row.summary}`}
                    icon={<Check aria-hidden className="size-3.5" />}
                    onClick={() => void acknowledge(row.id)}
                  >
                    Seen
                  </Button>
                ),
            },
          ]}
        />
        <Rules />
      </div>
    </>
  );
}

function Rules() {
  const [changing, change] = useState<Rule | null>(null);
  const rules = useQuery({
    queryKey: ["desk", "alert-rules"],
    queryFn: ({ signal }) => engine.request("GET", "/v1/alert-rules", { query: {}, signal }),
  });
  return (
    <Card flush title="Rules" about="When one is raised, and who is written to">
      <Loaded query={rules} lines={4}>
        {({ items }) => (
          <Table
            dense
            label="Rules of alerts"
            rows={items}
            keyOf={(row) => `${row.kind} ${row.tenant_id}`}
            columns={[
              { key: "kind", head: "Kind", cell: (row) => <span className="font-semibold">{KINDS[row.kind] ?? row.kind}</span> },
              { key: "whom", head: "For", cell: (row) => (row.tenant_id ? <TenantLink id={row.tenant_id} /> : "all tenants") },
              { key: "when", head: "When", cell: (row) => wordsOf(row) },
              { key: "mail", head: "Mail to", wideOnly: true, cell: (row) => row.email.join(", ") || "nobody" },
              {
                key: "on",
                head: "State",
                cell: (row) => <Badge tone={row.enabled ? "good" : "plain"}>{row.enabled ? "on" : "off"}</Badge>,
              },
              {
                key: "change",
                head: <span className="sr-only">Change</span>,
                number: true,
                cell: (row) => (
                  <Button
                    size="small"
                    look="quiet"
                    aria-label={`Change the rule ${KINDS[row.kind] ?? row.kind}`}
                    onClick={() => change(row)}
                  >
                    Change
                  </Button>
                ),
              },
            ]}
          />
        )}
      </Loaded>
      {changing && <RuleDialog rule={changing} onClose={() => change(null)} />}
    </Card>
  );
}

function wordsOf(rule: Rule): string {
  switch (rule.kind) {
    case "low_credits":
      return `fewer than ${rule.threshold} credits are left`;
    case "payment_failed":
      return rule.failures && rule.failures > 1 ? `a payment failed ${rule.failures} times` : "a payment failed";
    case "cancellation":
      return rule.scheduled ? "a subscription is canceled, or is to be" : "a subscription is canceled";
    default:
      return `a day is ${rule.sensitivity} deviations from what is usual`;
  }
}

function RuleDialog({ rule, onClose }: { rule: Rule; onClose: () => void }) {
  const cache = useQueryClient();
  const [enabled, setEnabled] = useState(rule.enabled);
  const [email, setEmail] = useState(rule.email.join(", "));
  const [threshold, setThreshold] = useState(String(rule.threshold ?? ""));
  const [busy, setBusy] = useState(false);
  const save = async () => {
    setBusy(true);
    try {
      const addresses = email.split(/[\s,]+/).filter((one) => one !== "");
      await engine.request("PUT", "/v1/alert-rules", {
        body: {
          kind: rule.kind,
          ...(rule.tenant_id ? { tenant_id: rule.tenant_id } : {}),
          enabled,
          email: addresses,
          ...(rule.kind === "low_credits" && threshold !== "" ? { threshold } : {}),
        },
      });
      say("The rule is changed.");
      await cache.invalidateQueries({ queryKey: ["desk", "alert-rules"] });
      onClose();
    } catch (error) {
      complain(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={KINDS[rule.kind] ?? rule.kind}
      actions={
        <Button look="primary" busy={busy} onClick={() => void save()}>
          Save
        </Button>
      }
    >
      <div className="space-y-4">
        <label className="flex items-center gap-2.5 text-small font-semibold">
          <input
            type="checkbox"
            className="size-4 accent-[var(--accent)]"
            checked={enabled}
            onChange={(event) => setEnabled(event.target.checked)}
          />
          Raise it
        </label>
        {rule.kind === "low_credits" && (
          <TextField
            label="Below so many credits"
            inputMode="decimal"
            value={threshold}
            onChange={(event) => setThreshold(event.target.value)}
          />
        )}
        <TextField label="Mail to" hint="Addresses, parted by commas" value={email} onChange={(event) => setEmail(event.target.value)} />
      </div>
    </Dialog>
  );
}
