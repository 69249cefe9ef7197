/** What gateways told the engine, and what the engine tells others; each can be sent or worked on again. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { RotateCw, Send } from "lucide-react";
import { useState } from "react";
import { Badge, type Tone } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Card, PageHead } from "../../parts/card.tsx";
import { SelectField } from "../../parts/field.tsx";
import { Paged } from "../../parts/paged.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { complain, say } from "../../parts/toast.tsx";
import { engine } from "../../session/engine.ts";
import { utc } from "./data.ts";
import { Deliveries } from "./deliveries.tsx";
import { EndpointDialog } from "./endpoint-dialog.tsx";
import { TenantLink } from "./tenant-link.tsx";

const STATES = ["pending", "working", "done", "ignored", "failed", "dead"] as const;
type State = (typeof STATES)[number];
const TONES: Record<State, Tone> = { pending: "info", working: "info", done: "good", ignored: "plain", failed: "warn", dead: "bad" };

export function WebhooksPage() {
  return (
    <>
      <PageHead title="Webhooks" about="What gateways told the engine, and what the engine tells others." />
      <div className="space-y-5">
        <Endpoints />
        <Inbound />
      </div>
    </>
  );
}

function Inbound() {
  const [state, setState] = useState<State | "">("");
  const cache = useQueryClient();
  const replay = async (id: string) => {
    try {
      await engine.request("POST", "/v1/inbound-events/{id}/replay", { path: { id } });
      say("It is worked on again.");
      await cache.invalidateQueries({ queryKey: ["desk", "inbound"] });
    } catch (error) {
      complain(error);
    }
  };
  return (
    <Paged
      title="Coming in"
      about="Stored as they came, once, and worked on until it is done"
      label="Webhooks that came in"
      queryKey={["desk", "inbound", state]}
      load={(page, signal) => engine.request("GET", "/v1/inbound-events", { query: { ...page, ...(state ? { state } : {}) }, signal })}
      keyOf={(row) => row.id}
      actions={
        <SelectField
          small
          hideLabel
          label="State"
          options={[["", "All states"], ...STATES.map((one) => [one, one] as const)]}
          value={state}
          onChange={(event) => setState(event.target.value as State | "")}
        />
      }
      empty={<Empty title="Nothing came in">A gateway's webhooks go to /v1/webhooks/stripe or /v1/webhooks/razorpay.</Empty>}
      columns={[
        { key: "at", head: "Received", cell: (row) => utc.dateTime(row.received_at) },
        { key: "gateway", head: "From", cell: (row) => row.gateway },
        { key: "type", head: "Type", cell: (row) => <code className="font-mono text-tiny">{row.type}</code> },
        { key: "tenant", head: "Tenant", wideOnly: true, cell: (row) => <TenantLink id={row.tenant_id} /> },
        { key: "state", head: "State", cell: (row) => <Badge tone={TONES[row.state as State]}>{row.state}</Badge> },
        { key: "attempts", head: "Attempts", number: true, wideOnly: true, cell: (row) => row.attempts },
        {
          key: "error",
          head: "What it said",
          wideOnly: true,
          cell: (row) => <span className="line-clamp-2 max-w-md text-ink-soft">{row.last_error}</span>,
        },
        {
          key: "again",
          head: <span className="sr-only">Again</span>,
          number: true,
          cell: (row) => (
            <Button
              size="small"
              look="quiet"
              aria-label={`Replay ${row.type} of ${utc.dateTime(row.received_at)}`}
              icon={<RotateCw aria-hidden className="size-3.5" />}
              onClick={() => void replay(row.id)}
            >
              Replay
            </Button>
          ),
        },
      ]}
    />
  );
}

function Endpoints() {
  const [adding, setAdding] = useState(false);
  const [shown, show] = useState<string | null>(null);
  const endpoints = useQuery({
    queryKey: ["desk", "endpoints"],
    queryFn: ({ signal }) => engine.request("GET", "/v1/webhook-endpoints", { query: { limit: 100 }, signal }),
  });
  return (
    <>
      <Card
        flush
        title="Going out"
        about="Signed in the Standard Webhooks form, retried for days"
        actions={
          <Button size="small" onClick={() => setAdding(true)}>
            New endpoint
          </Button>
        }
      >
        <Loaded query={endpoints} lines={3}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty icon={<Send aria-hidden className="size-5" />} title="Nobody is told">
                An endpoint is an address that is told what happens.
              </Empty>
            ) : (
              <Table
                dense
                label="Endpoints"
                rows={items}
                keyOf={(row) => row.id}
                columns={[
                  { key: "url", head: "Address", cell: (row) => <span className="break-all font-semibold">{row.url}</span> },
                  {
                    key: "tenant",
                    head: "Of",
                    wideOnly: true,
                    cell: (row) => (row.tenant_id ? <TenantLink id={row.tenant_id} /> : "all tenants"),
                  },
                  {
                    key: "types",
                    head: "Told of",
                    cell: (row) => (row.event_types.length === 0 ? "everything" : row.event_types.join(", ")),
                  },
                  {
                    key: "state",
                    head: "State",
                    cell: (row) =>
                      row.disabled ? (
                        <Badge tone="bad">off: {row.disabled_reason}</Badge>
                      ) : row.failing_since ? (
                        <Badge tone="warn">failing since {utc.date(row.failing_since)}</Badge>
                      ) : (
                        <Badge tone="good">on</Badge>
                      ),
                  },
                  {
                    key: "log",
                    head: <span className="sr-only">Deliveries</span>,
                    number: true,
                    cell: (row) => (
                      <Button
                        size="small"
                        look="quiet"
                        aria-label={`${shown === row.id ? "Hide deliveries" : "Deliveries"} to ${row.url}`}
                        onClick={() => show(shown === row.id ? null : row.id)}
                      >
                        {shown === row.id ? "Hide deliveries" : "Deliveries"}
                      </Button>
                    ),
                  },
                ]}
              />
            )
          }
        </Loaded>
      </Card>
      {shown && <Deliveries endpoint={shown} />}
      <EndpointDialog open={adding} onClose={() => setAdding(false)} />
    </>
  );
}
