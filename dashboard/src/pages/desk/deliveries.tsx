/** What one endpoint was sent, how that went, and sending it again. */
import { useQueryClient } from "@tanstack/react-query";
import { RotateCw } from "lucide-react";
import { Badge, type Tone } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Paged } from "../../parts/paged.tsx";
import { Empty } from "../../parts/states.tsx";
import { complain, say } from "../../parts/toast.tsx";
import { engine } from "../../session/engine.ts";
import { utc } from "./data.ts";

const TONES: Record<string, Tone> = { pending: "info", sending: "info", delivered: "good", failed: "warn", dead: "bad" };

export function Deliveries({ endpoint }: { endpoint: string }) {
  const cache = useQueryClient();
  const again = async (id: string) => {
    try {
      await engine.request("POST", "/v1/webhook-deliveries/{id}/retry", { path: { id } });
      say("It is sent again.");
      await cache.invalidateQueries({ queryKey: ["desk", "deliveries", endpoint] });
    } catch (error) {
      complain(error);
    }
  };
  return (
    <Paged
      title="Deliveries"
      label="Deliveries to the endpoint"
      queryKey={["desk", "deliveries", endpoint]}
      load={(page, signal) =>
        engine.request("GET", "/v1/webhook-endpoints/{id}/deliveries", { path: { id: endpoint }, query: page, signal })
      }
      keyOf={(row) => row.id}
      empty={<Empty title="Nothing was sent yet">What happens from now on is.</Empty>}
      columns={[
        { key: "at", head: "At", cell: (row) => utc.dateTime(row.created_at) },
        { key: "type", head: "Event", cell: (row) => <code className="font-mono text-tiny">{row.event_type}</code> },
        { key: "state", head: "State", cell: (row) => <Badge tone={TONES[row.state] ?? "plain"}>{row.state}</Badge> },
        { key: "attempts", head: "Attempts", number: true, cell: (row) => row.attempts },
        { key: "answer", head: "Answer", number: true, cell: (row) => row.last_status ?? "–" },
        { key: "error", head: "What went wrong", wideOnly: true, cell: (row) => <span className="text-ink-soft">{row.last_error}</span> },
        {
          key: "again",
          head: <span className="sr-only">Again</span>,
          number: true,
          cell: (row) => (
            <Button
              size="small"
              look="quiet"
              aria-label={`Send again: ${row.event_type} of ${utc.dateTime(row.created_at)}`}
              icon={<RotateCw aria-hidden className="size-3.5" />}
              onClick={() => void again(row.id)}
            >
              Send again
            </Button>
          ),
        },
      ]}
    />
  );
}
