/** Where a link that signs somebody in leads. Its token stands behind the #, so that no server and no log ever sees it. */
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { Mark } from "../parts/brand.tsx";
import { Failure } from "../parts/states.tsx";
import { signInByLink } from "../session/engine.ts";

// Once, however often React mounts: the link is used up by it.
let exchange: ReturnType<typeof signInByLink> | null = null;

export function Portal() {
  const navigate = useNavigate();
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    const token = new URLSearchParams(location.hash.slice(1)).get("token");
    if (token) {
      history.replaceState(null, "", location.pathname);
      exchange = signInByLink(token);
    }
    if (!exchange) {
      void navigate({ to: "/", replace: true });
      return;
    }
    exchange.then(() => navigate({ to: "/", replace: true }), setError);
  }, [navigate]);
  return (
    <main className="mx-auto flex min-h-dvh max-w-md flex-col items-center justify-center gap-5 px-4">
      <Mark className="size-11" />
      {error ? (
        <div className="w-full">
          <h1 className="sr-only">Sign in</h1>
          <Failure error={error} title="This link does not open anything any more" />
          <p className="mt-3 text-center text-small text-ink-soft">
            A link works once, and for 15 minutes. Go back to where it came from for a new one.
          </p>
        </div>
      ) : (
        <h1 role="status" className="text-body text-ink-soft">
          Signing in …
        </h1>
      )}
    </main>
  );
}
