/** Overrides as the API shows them. */
import { decimal } from "../money/decimal.ts";
import { formatInstant } from "../time/instant.ts";
import type { OverrideRow } from "./store.ts";

export function overrideView(row: OverrideRow) {
  const { feature, enabled, limit, window, enforcement, value } = row;
  return {
    feature,
    ...(enabled === undefined ? {} : { enabled }),
    ...(limit === undefined ? {} : { limit: limit === null ? null : decimal(limit) }),
    ...(window === undefined ? {} : { window }),
    ...(enforcement === undefined ? {} : { enforcement }),
    ...(value === undefined ? {} : { value }),
    expires_at: row.expiresAt === null ? null : formatInstant(row.expiresAt),
    reason: row.reason,
    created_at: formatInstant(row.createdAt),
    updated_at: formatInstant(row.updatedAt),
  };
}
