/** Short words about what was just done, at the foot of the page; read out by screen readers. */
import { CircleAlert, CircleCheck, X } from "lucide-react";
import { useSyncExternalStore } from "react";
import { messageOf } from "../session/engine.ts";

interface Toast {
  id: number;
  tone: "good" | "bad";
  text: string;
}

const listeners = new Set<() => void>();
let toasts: readonly Toast[] = [];
let last = 0;

function set(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

function add(tone: Toast["tone"], text: string): void {
  const id = ++last;
  set([...toasts.slice(-2), { id, tone, text }]);
  setTimeout(() => dismiss(id), tone === "good" ? 5_000 : 10_000);
}

function dismiss(id: number): void {
  set(toasts.filter((toast) => toast.id !== id));
}

export function say(text: string): void {
  add("good", text);
}

export function complain(error: unknown): void {
  add("bad", messageOf(error));
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div aria-live="polite" className="pointer-events-none fixed inset-x-0 bottom-4 z-50 flex flex-col items-center gap-2 px-4">
      {shown.map(({ id, tone, text }) => (
        <div
          key={id}
          className="animate-rise pointer-events-auto flex max-w-md items-start gap-2.5 rounded-control border border-line bg-raised py-2.5 pr-2 pl-3.5 text-small shadow-high"
        >
          {tone === "good" ? (
            <CircleCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-good" />
          ) : (
            <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
          )}
          <span className="min-w-0 break-words">{text}</span>
          <button type="button" aria-label="Dismiss" className="rounded p-0.5 text-ink-faint hover:text-ink" onClick={() => dismiss(id)}>
            <X aria-hidden className="size-4" />
          </button>
        </div>
      ))}
    </div>
  );
}
