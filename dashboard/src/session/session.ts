/**
 * Who is signed in on this page: a session that a link opened, or the operator's own key. It is kept for this tab alone and ends with
 * it, so that an operator may look at a customer's page beside their own.
 */
import { useSyncExternalStore } from "react";

export interface Session {
  token: string;
  /** null: the operator. */
  tenantId: string | null;
  role: "platform_admin" | "owner" | "admin" | "member" | "viewer";
  returnUrl: string | null;
  /** RFC 3339; null: for as long as the key is valid. */
  expiresAt: string | null;
}

const KEY = "billwright.session";
const listeners = new Set<() => void>();
let current = read();
/** Why there is none any more, for the page that says so. */
let ending: "expired" | "left" | null = null;

function read(): Session | null {
  try {
    const text = sessionStorage.getItem(KEY);
    return text === null ? null : (JSON.parse(text) as Session);
  } catch {
    return null;
  }
}

export function session(): Session | null {
  return current;
}

export function begin(next: Session): void {
  ending = null;
  set(next);
}

export function end(why: "expired" | "left"): void {
  ending = why;
  set(null);
}

export function whyEnded(): "expired" | "left" | null {
  return ending;
}

function set(next: Session | null): void {
  current = next;
  try {
    if (next === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // Where nothing may be kept the session lasts until the page is left.
  }
  for (const listener of listeners) listener();
}

export function useSession(): Session | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}

/** Whether the pages may offer changes: the engine refuses them anyway. */
export function useMayChange(): boolean {
  const role = useSession()?.role;
  return role === "platform_admin" || role === "owner" || role === "admin";
}
