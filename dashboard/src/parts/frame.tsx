/** The frame of a page: skip link, head with its ways, and room for what is in it. */
import { Link, useNavigate } from "@tanstack/react-router";
import { LogOut, Undo2 } from "lucide-react";
import type { ReactNode } from "react";
import { signOut } from "../session/engine.ts";
import { useSession } from "../session/session.ts";
import { Mark } from "./brand.tsx";
import { classes } from "./classes.ts";
import { ThemeSwitch } from "./theme-switch.tsx";

export interface Way {
  to: string;
  params?: Record<string, string>;
  words: string;
  exact?: boolean;
}

interface FrameProps {
  title: ReactNode;
  nav: readonly Way[];
  /** Where one came from, beside the title. */
  back?: ReactNode;
  /** An operator's pages use the width that there is. */
  wide?: boolean;
  children: ReactNode;
}

// In somebody's page their own head is above: ours keeps to its ways.
const EMBEDDED = window.self !== window.top;

export function Frame({ title, nav, back, wide = false, children }: FrameProps) {
  const width = classes("mx-auto w-full px-4 sm:px-6", wide ? "max-w-[96rem]" : "max-w-6xl");
  return (
    <div className="flex min-h-dvh flex-col">
      <a
        href="#content"
        className="sr-only z-50 rounded-control bg-accent px-4 py-2 text-on-accent focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        To the content
      </a>
      <header className="sticky top-0 z-30 border-b border-line bg-ground/95 backdrop-blur">
        {!EMBEDDED && (
          <div className={classes(width, "flex h-14 items-center gap-3")}>
            <Mark />
            <div className="min-w-0 flex-1 truncate font-semibold">{title}</div>
            {back}
            <ReturnLink />
            <ThemeSwitch />
            <SignOut />
          </div>
        )}
        <nav aria-label="Pages" className={classes(width, "-mb-px flex gap-1 overflow-x-auto [scrollbar-width:none]")}>
          {nav.map(({ to, params, words, exact = false }) => (
            <Link
              key={to}
              to={to}
              params={params as never}
              activeOptions={{ exact }}
              className="border-b-2 border-transparent px-2.5 py-2.5 text-small font-semibold whitespace-nowrap text-ink-soft first:ml-[-0.625rem] hover:text-ink aria-[current=page]:border-accent aria-[current=page]:text-ink"
            >
              {words}
            </Link>
          ))}
        </nav>
      </header>
      <main id="content" tabIndex={-1} className={classes(width, "flex-1 py-7 outline-none sm:py-9")}>
        {children}
      </main>
    </div>
  );
}

function ReturnLink() {
  const returnUrl = useSession()?.returnUrl;
  if (!returnUrl || !/^https?:/.test(returnUrl)) return null;
  return (
    <a
      href={returnUrl}
      className="flex items-center gap-1.5 rounded-control px-2 py-1.5 text-small font-semibold text-ink-soft hover:bg-sunken hover:text-ink"
    >
      <Undo2 aria-hidden className="size-4" />
      <span className="max-sm:sr-only">Back to {new URL(returnUrl).host}</span>
    </a>
  );
}

function SignOut() {
  const navigate = useNavigate();
  return (
    <button
      type="button"
      aria-label="Sign out"
      title="Sign out"
      className="grid size-9 place-items-center rounded-control text-ink-soft hover:bg-sunken hover:text-ink"
      onClick={() => void signOut().then(() => navigate({ to: "/sign-in" }))}
    >
      <LogOut aria-hidden className="size-4.5" />
    </button>
  );
}
