/** Credits that are reserved: taken from what is available, until they are captured, released, or their time is over. Pure. */
import { Refusal } from "../../errors.ts";
import { type Decimal, ZERO } from "../money/decimal.ts";
import type { Instant } from "../time/instant.ts";
import { burn, type Part } from "./burn.ts";

export const HOLD_STATUSES = ["open", "captured", "released", "expired"] as const;
export type HoldStatus = (typeof HOLD_STATUSES)[number];

export interface Hold {
  id: string;
  status: HoldStatus;
  amount: Decimal;
  expiresAt: Instant | null;
}

/** By the clock: a hold is over at its end, whether or not the sweep has closed it. */
export function statusAt({ status, expiresAt }: Pick<Hold, "status" | "expiresAt">, now: Instant): HoldStatus {
  return status === "open" && expiresAt !== null && expiresAt <= now ? "expired" : status;
}

/** Refuses to close a hold that is closed. */
export function assertOpen(hold: Hold, now: Instant): void {
  const status = statusAt(hold, now);
  if (status === "open") return;
  throw new Refusal("invalid_state", `The hold is ${status} already; it is captured or released once, while it is open.`, {
    extra: { hold_status: status },
  });
}

/** What is taken of a hold, and what goes back to its grants. 409 where more is asked than is held. */
export function splitHold(hold: Hold, parts: readonly Part[], amount: Decimal): { taken: Part[]; rest: Part[] } {
  const { parts: taken, missing } = burn(
    parts.map((part) => ({ id: part.grantId, remaining: part.amount })),
    amount,
  );
  if (missing.gt(ZERO)) {
    throw new Refusal("conflict", `The hold has ${hold.amount.toFixed()} credits; ${amount.toFixed()} cannot be captured.`, {
      faults: [{ path: "amount", message: `is more than the ${hold.amount.toFixed()} that are held` }],
      extra: { held: hold.amount, required: amount },
    });
  }
  const used = new Map(taken.map((part) => [part.grantId, part.amount]));
  const rest = parts
    .map(({ grantId, amount: held }) => ({ grantId, amount: held.minus(used.get(grantId) ?? ZERO) }))
    .filter((part) => part.amount.gt(ZERO));
  return { taken, rest };
}
