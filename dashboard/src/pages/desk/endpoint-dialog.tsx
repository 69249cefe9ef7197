/** A new address that is told what happens; its secret is shown once. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { TextField } from "../../parts/field.tsx";
import { Note } from "../../parts/states.tsx";
import { complain } from "../../parts/toast.tsx";
import { engine } from "../../session/engine.ts";

export function EndpointDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const cache = useQueryClient();
  const [url, setUrl] = useState("");
  const [types, setTypes] = useState("");
  const [secret, setSecret] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const close = () => {
    setUrl("");
    setTypes("");
    setSecret(null);
    onClose();
  };
  const make = async () => {
    setBusy(true);
    try {
      const event_types = types.split(/[\s,]+/).filter((type) => type !== "");
      const made = await engine.request("POST", "/v1/webhook-endpoints", {
        body: { url, ...(event_types.length > 0 ? { event_types } : {}) },
      });
      setSecret(made.secret ?? null);
      await cache.invalidateQueries({ queryKey: ["desk", "endpoints"] });
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
      title="New endpoint"
      about="Each event is sent by POST, signed; an answer of 2xx within seconds takes it."
      actions={
        secret ? (
          <Button look="primary" onClick={close}>
            Done
          </Button>
        ) : (
          <Button look="primary" busy={busy} disabled={url === ""} onClick={() => void make()}>
            Add it
          </Button>
        )
      }
    >
      {secret ? (
        <Note tone="good">
          <p className="font-semibold">Its secret, shown this once</p>
          <code className="mt-1 block font-mono text-small break-all">{secret}</code>
        </Note>
      ) : (
        <div className="space-y-4">
          <TextField
            label="Address"
            type="url"
            placeholder="https://app.example.com/billing"
            value={url}
            onChange={(event) => setUrl(event.target.value)}
          />
          <TextField
            label="Events"
            hint="Names or patterns, such as invoice.* or payment.failed; empty: everything"
            value={types}
            onChange={(event) => setTypes(event.target.value)}
          />
        </div>
      )}
    </Dialog>
  );
}
