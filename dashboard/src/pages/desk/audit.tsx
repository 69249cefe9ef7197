/** Who changed what, from where, with what it was before and after. */
import type { Answer } from "@billwright/client";
import { useState } from "react";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { PageHead } from "../../parts/card.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { TextField } from "../../parts/field.tsx";
import { Paged } from "../../parts/paged.tsx";
import { Empty } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { engine } from "../../session/engine.ts";
import { utc } from "./data.ts";
import { TenantLink } from "./tenant-link.tsx";

type Entry = Answer<"GET", "/v1/audit-log">["items"][number];

const TONES = { created: "good", updated: "info", deleted: "bad" } as const;

export function AuditPage() {
  const [tenant, setTenant] = useState("");
  const [shown, show] = useState<Entry | null>(null);
  return (
    <>
      <PageHead
        title="Audit log"
        about="Every change that somebody asked for. It is written with the change, and cannot be changed itself."
        actions={
          <TextField label="Of one tenant" placeholder="its id" value={tenant} onChange={(event) => setTenant(event.target.value.trim())} />
        }
      />
      <Paged
        label="Changes"
        queryKey={["desk", "audit", tenant]}
        load={(page, signal) =>
          engine.request("GET", "/v1/audit-log", { query: { ...page, ...(tenant ? { tenant_id: tenant } : {}) }, signal })
        }
        keyOf={(row) => row.id}
        empty={<Empty title="Nothing was changed">Changes by keys and people appear here.</Empty>}
        columns={[
          { key: "at", head: "At", cell: (row) => utc.dateTime(row.at) },
          { key: "who", head: "Who", cell: (row) => `${row.actor.kind} ${row.actor.id}` },
          { key: "tenant", head: "Tenant", cell: (row) => <TenantLink id={row.tenant_id} /> },
          { key: "what", head: "Asked for", wideOnly: true, cell: (row) => <code className="font-mono text-tiny">{row.action}</code> },
          {
            key: "object",
            head: "Changed",
            cell: (row) => (
              <span className="flex flex-wrap items-center gap-2">
                <Badge tone={TONES[row.change as keyof typeof TONES]}>{row.change}</Badge>
                {row.object_type.replaceAll("_", " ")}
              </span>
            ),
          },
          { key: "ip", head: "From", wideOnly: true, cell: (row) => row.ip },
          {
            key: "more",
            head: <span className="sr-only">What changed</span>,
            number: true,
            cell: (row) => (
              <Button size="small" look="quiet" aria-label={`Before and after, ${utc.dateTime(row.at)}`} onClick={() => show(row)}>
                Before and after
              </Button>
            ),
          },
        ]}
      />
      <Dialog
        wide
        open={shown !== null}
        onClose={() => show(null)}
        title={shown ? `${shown.object_type.replaceAll("_", " ")} ${shown.change}` : ""}
        about={shown?.object_id}
      >
        {shown && <Changes entry={shown} />}
      </Dialog>
    </>
  );
}

function Changes({ entry }: { entry: Entry }) {
  const before = (entry.before ?? {}) as Record<string, unknown>;
  const after = (entry.after ?? {}) as Record<string, unknown>;
  const text = (value: unknown) => (value === undefined ? "–" : typeof value === "string" ? value : JSON.stringify(value));
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
  return (
    <Table
      dense
      label="What changed"
      rows={names}
      keyOf={(name) => name}
      columns={[
        { key: "name", head: "Field", cell: (name) => <code className="font-mono text-tiny">{name}</code> },
        { key: "before", head: "Before", cell: (name) => <span className="break-all text-ink-soft">{text(before[name])}</span> },
        { key: "after", head: "After", cell: (name) => <span className="break-all">{text(after[name])}</span> },
      ]}
    />
  );
}
