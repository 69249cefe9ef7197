/** One number that matters, with what it is and what moved it. */
import type { ReactNode } from "react";
import { classes } from "./classes.ts";

interface Props {
  label: string;
  value: ReactNode;
  about?: ReactNode;
  tone?: "good" | "bad" | "plain";
}

const TONES = { good: "text-good", bad: "text-bad", plain: "text-ink-soft" };

export function Figure({ label, value, about, tone = "plain" }: Props) {
  return (
    <div className="min-w-0 rounded-card border border-line bg-surface px-5 py-4 shadow-low">
      <dt className="text-small text-ink-soft">{label}</dt>
      <dd>
        <span className="figures mt-1 block truncate text-figure font-semibold tracking-tight">{value}</span>
        {about && <span className={classes("mt-0.5 block text-small", TONES[tone])}>{about}</span>}
      </dd>
    </div>
  );
}

/** Figures beside each other, as many as there is room for. */
export function Figures({ children }: { children: ReactNode }) {
  return <dl className="grid gap-4 sm:grid-cols-2 xl:grid-cols-4">{children}</dl>;
}
