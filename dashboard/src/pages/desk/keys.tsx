/** API keys: made, told apart, revoked. A secret is shown once. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { PageHead } from "../../parts/card.tsx";
import { Confirm, Dialog } from "../../parts/dialog.tsx";
import { Choices, TextField } from "../../parts/field.tsx";
import { Paged } from "../../parts/paged.tsx";
import { Empty, Note } from "../../parts/states.tsx";
import { complain } from "../../parts/toast.tsx";
import { engine } from "../../session/engine.ts";
import { utc } from "./data.ts";
import { TenantLink } from "./tenant-link.tsx";

type Scope = "billing.read" | "billing.write" | "usage.write" | "admin";

const SCOPES: readonly (readonly [Scope, string, string])[] = [
  ["usage.write", "usage.write", "record usage"],
  ["billing.read", "billing.read", "read everything"],
  ["billing.write", "billing.write", "read and change billing"],
  ["admin", "admin", "everything, keys and the catalog too"],
];

export function KeysPage() {
  const cache = useQueryClient();
  const [making, setMaking] = useState(false);
  const [ending, setEnding] = useState<{ id: string; name: string } | null>(null);
  const again = () => cache.invalidateQueries({ queryKey: ["desk", "keys"] });
  return (
    <>
      <PageHead
        title="API keys"
        about="What servers sign in with. Only a hash of each is kept."
        actions={
          <Button look="primary" onClick={() => setMaking(true)}>
            New key
          </Button>
        }
      />
      <Paged
        label="API keys"
        queryKey={["desk", "keys"]}
        load={(page, signal) => engine.request("GET", "/v1/api-keys", { query: page, signal })}
        keyOf={(row) => row.id}
        empty={<Empty title="No keys yet">Make one for each server that asks the engine.</Empty>}
        columns={[
          { key: "name", head: "Name", cell: (row) => <span className="font-semibold">{row.name}</span> },
          { key: "prefix", head: "Begins with", wideOnly: true, cell: (row) => <code className="font-mono text-tiny">{row.prefix}…</code> },
          { key: "scopes", head: "May", cell: (row) => row.scopes.join(", ") },
          { key: "tenant", head: "Of", wideOnly: true, cell: (row) => (row.tenant_id ? <TenantLink id={row.tenant_id} /> : "all tenants") },
          { key: "used", head: "Last used", cell: (row) => (row.last_used_at ? utc.dateTime(row.last_used_at) : "never") },
          {
            key: "state",
            head: "State",
            cell: (row) =>
              row.revoked_at ? (
                <Badge>revoked</Badge>
              ) : row.expires_at ? (
                <Badge tone="info">until {utc.date(row.expires_at)}</Badge>
              ) : (
                <Badge tone="good">valid</Badge>
              ),
          },
          {
            key: "end",
            head: <span className="sr-only">Revoke</span>,
            number: true,
            cell: (row) =>
              row.revoked_at === null && (
                <Button size="small" look="quiet" aria-label={`Revoke ${row.name}`} onClick={() => setEnding(row)}>
                  Revoke
                </Button>
              ),
          },
        ]}
      />
      <NewKey open={making} onClose={() => setMaking(false)} onMade={again} />
      <Confirm
        danger
        open={ending !== null}
        onClose={() => setEnding(null)}
        title={`Revoke ${ending?.name ?? ""}?`}
        about="Whatever signs in with it is refused from then on. This cannot be undone."
        deed="Revoke it"
        done="The key is revoked."
        act={async () => {
          if (ending) await engine.apiKeys.revoke(ending.id);
          await again();
        }}
      />
    </>
  );
}

function NewKey({ open, onClose, onMade }: { open: boolean; onClose: () => void; onMade: () => Promise<void> }) {
  const [name, setName] = useState("");
  const [scope, setScope] = useState<Scope>("usage.write");
  const [secret, setSecret] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const close = () => {
    setName("");
    setSecret(null);
    onClose();
  };
  const make = async () => {
    setBusy(true);
    try {
      const made = await engine.apiKeys.create({ name, scopes: [scope] });
      setSecret(made.secret ?? null);
      await onMade();
    } catch (error) {
      complain(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      open={open}
      onClose={close}
      title="New key"
      actions={
        secret ? (
          <Button look="primary" onClick={close}>
            Done
          </Button>
        ) : (
          <Button look="primary" busy={busy} disabled={name.trim() === ""} onClick={() => void make()}>
            Make it
          </Button>
        )
      }
    >
      {secret ? (
        <Note tone="good">
          <p className="font-semibold">The key, shown this once</p>
          <code className="mt-1 block font-mono text-small break-all">{secret}</code>
        </Note>
      ) : (
        <div className="space-y-4">
          <TextField label="Name" hint="Which server it is for" value={name} onChange={(event) => setName(event.target.value)} />
          <Choices label="What it may do" value={scope} options={SCOPES} onChange={setScope} />
        </div>
      )}
    </Dialog>
  );
}
