/** What is shown where there is nothing yet, nothing at all, or something went wrong. */
import { CircleAlert, RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { messageOf } from "../session/engine.ts";
import { Button } from "./button.tsx";
import { classes } from "./classes.ts";

/** A place that will be filled: as high as what is coming, so that nothing jumps. */
export function Loading({ lines = 3, className }: { lines?: number; className?: string }) {
  return (
    <div role="status" aria-label="Loading" className={classes("animate-breathe space-y-3 py-1", className)}>
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: bars have nothing else to be told apart by
        <div key={line} className={classes("h-4 rounded bg-sunken", ["w-full", "w-4/5", "w-2/3"][line % 3])} />
      ))}
    </div>
  );
}

export function Empty({ icon, title, children, action }: { icon?: ReactNode; title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="flex flex-col items-center px-6 py-10 text-center">
      {icon && <div className="mb-3 grid size-11 place-items-center rounded-full bg-sunken text-ink-faint">{icon}</div>}
      <p className="font-semibold">{title}</p>
      {children && <p className="mt-1 max-w-sm text-small text-ink-soft">{children}</p>}
      {action && <div className="mt-4">{action}</div>}
    </div>
  );
}

export function Failure({ error, retry, title = "This could not be loaded" }: { error: unknown; retry?: () => void; title?: string }) {
  return (
    <div role="alert" className="flex items-start gap-3 rounded-control bg-bad-soft px-4 py-3 text-small text-bad">
      <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="min-w-0 flex-1">
        <p className="font-semibold">{title}</p>
        <p className="break-words">{messageOf(error)}</p>
      </div>
      {retry && (
        <Button size="small" onClick={retry} icon={<RotateCw aria-hidden className="size-3.5" />}>
          Try again
        </Button>
      )}
    </div>
  );
}

const NOTES = {
  info: "bg-info-soft text-info",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
  good: "bg-good-soft text-good",
};

/** A line that wants to be read before anything else of its page. */
export function Note({ tone = "info", children, action }: { tone?: keyof typeof NOTES; children: ReactNode; action?: ReactNode }) {
  return (
    <div className={classes("flex flex-wrap items-center justify-between gap-3 rounded-control px-4 py-3 text-small", NOTES[tone])}>
      <div className="min-w-0 flex-1 basis-64">{children}</div>
      {action}
    </div>
  );
}

interface Asked<T> {
  data: T | undefined;
  error: unknown;
  refetch(): unknown;
}

/** A query's three ends in one place: `<Loaded query={q}>{(data) => …}</Loaded>`. What was loaded once stays while it is asked for again. */
export function Loaded<T>({ query, children, lines }: { query: Asked<T>; children: (data: T) => ReactNode; lines?: number }) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <Failure error={query.error} retry={() => void query.refetch()} />;
  return <Loading lines={lines} />;
}
