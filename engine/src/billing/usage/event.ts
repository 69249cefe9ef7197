/** A usage event as it is stored, and its identity: (tenant, event name, idempotency key), for ever. */
import { hash } from "node:crypto";
import { idFromBytes } from "../../ids.ts";
import type { Meter } from "../catalog/meter.ts";
import type { TenantRef } from "../tenants/cache.ts";

/** An event as a caller may send it. Everything is checked by `prepare`. */
export type RawEvent = Readonly<Record<string, unknown>>;

/** What one meter reads of one event. */
export interface Reading {
  readonly meter: Meter;
  readonly groupKey: string;
  /** Decimal text; null where the aggregation counts. */
  readonly value: string | null;
}

/** An event that has been checked against the catalog, ready to be stored. */
export interface UsageEvent {
  readonly tenant: TenantRef;
  /** 16 bytes as a latin1 text. */
  readonly identity: string;
  readonly event: string;
  readonly key: string;
  /** Epoch microseconds: finer digits are cut off, so that an event never moves into a later period. */
  readonly atUs: number;
  /** Whether the caller said `at`; if not, a re-sent event does not conflict by it. */
  readonly atGiven: boolean;
  readonly receivedUs: number;
  /** Decimal text in its shortest form. */
  readonly amount: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly propertiesJson: string;
  readonly readings: readonly Reading[];
}

export interface Outcome {
  readonly id: string;
  readonly status: "accepted" | "duplicate";
  /** The key was used for other content; what was stored first stands. */
  readonly conflict: boolean;
  /** No meter reads the event. */
  readonly unmatched: boolean;
}

// A NUL cannot occur in any of the three, so that no two triples make one text.
export function identityOf(tenantId: string, event: string, key: string): string {
  return hash("sha256", `${tenantId}\0${event}\0${key}`, "binary").slice(0, 16);
}

const scratch = Buffer.alloc(16);

/** The id that callers see: the same for the same event, stored or re-sent. */
export function eventId(identity: string): string {
  scratch.write(identity, 0, 16, "latin1");
  return idFromBytes("usageEvent", scratch);
}

/** The same from the identity as the database prints it. */
export function eventIdOfUuid(uuid: string): string {
  return idFromBytes("usageEvent", Buffer.from(uuid.replaceAll("-", ""), "hex"));
}
