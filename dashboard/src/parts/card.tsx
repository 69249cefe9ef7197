/** A surface with one thought on it, and the head of a page. */
import type { ReactNode } from "react";
import { classes } from "./classes.ts";

interface CardProps {
  title?: ReactNode;
  /** A sentence under the title. */
  about?: ReactNode;
  /** At the end of the title's line. */
  actions?: ReactNode;
  /** Content that reaches the edges, such as a table. */
  flush?: boolean;
  className?: string;
  children?: ReactNode;
}

export function Card({ title, about, actions, flush = false, className, children }: CardProps) {
  return (
    <div className={classes("min-w-0 rounded-card border border-line bg-surface shadow-low", className)}>
      {title && (
        <header className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2 px-5 pt-4.5 pb-3 sm:px-6">
          <div className="min-w-0">
            <h2 className="text-title font-semibold">{title}</h2>
            {about && <p className="mt-0.5 text-small text-ink-soft">{about}</p>}
          </div>
          {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
        </header>
      )}
      <div className={flush ? "overflow-hidden rounded-b-card" : classes("px-5 pb-5 sm:px-6", !title && "pt-5")}>{children}</div>
    </div>
  );
}

export function PageHead({ title, about, actions }: { title: ReactNode; about?: ReactNode; actions?: ReactNode }) {
  return (
    <div className="mb-6 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        <h1 className="text-page font-semibold">{title}</h1>
        {about && <p className="mt-1 max-w-2xl text-ink-soft">{about}</p>}
      </div>
      {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </div>
  );
}

/** Words and what they stand for, one pair a line. */
export function Facts({ items }: { items: readonly (readonly [label: ReactNode, value: ReactNode] | null | false)[] }) {
  return (
    <dl className="divide-y divide-line">
      {items.map((item, index) =>
        item ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the facts of a thing stay in their order
          <div key={index} className="flex items-baseline justify-between gap-4 py-2 text-small first:pt-0 last:pb-0">
            <dt className="text-ink-soft">{item[0]}</dt>
            <dd className="figures min-w-0 text-right text-ink break-words">{item[1]}</dd>
          </div>
        ) : null,
      )}
    </dl>
  );
}
