/** What came of a fact: the tenant whose it is, and the deed, by the same functions as every other report of the same thing. */
import type { Tx } from "../../commit.ts";

export interface Located {
  tenantId: string;
  /** Inside the write that marks the event done. */
  apply(tx: Tx): Promise<void>;
}

/** It concerns no tenant. */
export interface LocatedNowhere {
  tenantId: null;
  apply(tx: Tx): Promise<void>;
}
