/** For who comes without a link. Customers come by one from their supplier's application; the operator may also use a key. */
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { Mark } from "../parts/brand.tsx";
import { Button } from "../parts/button.tsx";
import { TextField } from "../parts/field.tsx";
import { Note } from "../parts/states.tsx";
import { messageOf, signInByKey } from "../session/engine.ts";
import { whyEnded } from "../session/session.ts";

export function SignIn() {
  const navigate = useNavigate();
  const [key, setKey] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const ended = whyEnded();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await signInByKey(key.trim());
      await navigate({ to: "/" });
    } catch (refused) {
      setError(messageOf(refused));
    } finally {
      setBusy(false);
    }
  };

  return (
    <main className="mx-auto flex min-h-dvh max-w-md flex-col justify-center gap-6 px-4 py-10">
      <div className="flex items-center gap-3">
        <Mark className="size-10" />
        <div>
          <h1 className="text-page font-semibold">Billing</h1>
          <p className="text-small text-ink-soft">Sign in to see it</p>
        </div>
      </div>
      {ended === "expired" && <Note tone="warn">Your session has ended. Open a new link to go on.</Note>}
      {ended === "left" && <Note tone="good">You are signed out.</Note>}
      <div className="rounded-card border border-line bg-surface p-6 shadow-low">
        <h2 className="text-title font-semibold">Customers</h2>
        <p className="mt-1 text-small text-ink-soft">
          Open your billing from the application that you use: it makes a link that signs you in, once.
        </p>
        <hr className="my-5 border-line" />
        <form onSubmit={(event) => void submit(event)} className="space-y-3">
          <h2 className="text-title font-semibold">Operators</h2>
          <TextField
            label="API key or token"
            type="password"
            autoComplete="off"
            spellCheck={false}
            value={key}
            error={error}
            hint="With scope admin. It is kept in this tab, and forgotten with it."
            onChange={(event) => {
              setKey(event.target.value);
              setError(null);
            }}
          />
          <Button type="submit" look="primary" className="w-full" busy={busy} disabled={key.trim() === ""}>
            Sign in
          </Button>
        </form>
      </div>
    </main>
  );
}
