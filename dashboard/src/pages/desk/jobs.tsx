/** Work that is done behind: what waits, what runs, what failed for good, and doing it again. */
import { useQueryClient } from "@tanstack/react-query";
import { RotateCw } from "lucide-react";
import { useState } from "react";
import { Badge, type Tone } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { PageHead } from "../../parts/card.tsx";
import { SelectField } from "../../parts/field.tsx";
import { Paged } from "../../parts/paged.tsx";
import { Empty } from "../../parts/states.tsx";
import { complain, say } from "../../parts/toast.tsx";
import { engine } from "../../session/engine.ts";
import { quantityText } from "../../text/quantity.ts";
import { utc } from "./data.ts";

const STATES = ["queued", "scheduled", "running", "failed", "dead", "succeeded"] as const;
type State = (typeof STATES)[number];
const TONES: Record<State, Tone> = { queued: "info", scheduled: "plain", running: "info", failed: "warn", dead: "bad", succeeded: "good" };

export function JobsPage() {
  const [state, setState] = useState<State | "">("");
  const cache = useQueryClient();
  const retry = async (id: string) => {
    try {
      await engine.request("POST", "/v1/jobs/{id}/retry", { path: { id } });
      say("It is tried again.");
      await cache.invalidateQueries({ queryKey: ["desk", "jobs"] });
    } catch (error) {
      complain(error);
    }
  };
  return (
    <>
      <PageHead title="Jobs" about="Renewals, payments, mail, webhooks: what is done behind the requests, by any number of workers." />
      <Paged
        label="Jobs"
        queryKey={["desk", "jobs", state]}
        load={(page, signal) => engine.request("GET", "/v1/jobs", { query: { ...page, ...(state ? { state } : {}) }, signal })}
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
        title="Work"
        empty={<Empty title="No jobs of that state">Sweeps run every minute; what they did is here.</Empty>}
        columns={[
          { key: "name", head: "Job", cell: (row) => <span className="font-semibold">{row.name.replaceAll(/[-_.]/g, " ")}</span> },
          { key: "state", head: "State", cell: (row) => <Badge tone={TONES[row.state as State]}>{row.state}</Badge> },
          { key: "at", head: "Written", cell: (row) => utc.dateTime(row.created_at) },
          {
            key: "attempts",
            head: "Attempts",
            number: true,
            cell: (row) => `${row.attempts}${row.max_attempts ? ` of ${row.max_attempts}` : ""}`,
          },
          {
            key: "took",
            head: "Took",
            number: true,
            wideOnly: true,
            cell: (row) => (row.duration_ms === null ? "–" : `${quantityText(row.duration_ms)} ms`),
          },
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
            cell: (row) =>
              (row.state === "dead" || row.state === "failed") && (
                <Button
                  size="small"
                  look="quiet"
                  aria-label={`Try again: ${row.name}`}
                  icon={<RotateCw aria-hidden className="size-3.5" />}
                  onClick={() => void retry(row.id)}
                >
                  Try again
                </Button>
              ),
          },
        ]}
      />
    </>
  );
}
