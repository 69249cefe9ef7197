/** Where the one reader of a process gets what is new: from the table, or from what another process has read there already. */
import type { Database } from "../db/pool.ts";
import { readFollowed } from "./following.ts";
import type { EventRow, Position } from "./history.ts";
import { END, type Place, placeOf } from "./place.ts";
import { frameOf } from "./view.ts";

export interface FedEvent {
  place: Place;
  id: string;
  tenantId: string;
  type: string;
  /** As it goes over the wire: printed once, whoever gets it. */
  frame: string;
}

export interface Portion {
  /** All that these tenants have up to `upTo`, in order; it may hold others' as well. */
  events: readonly FedEvent[];
  upTo: Place;
  /** There is more already. */
  more: boolean;
  /** More is committed, but an older transaction still runs, whose end nobody will tell. */
  unsettled: boolean;
  /** After how long at the most to look again unasked; null: as the settings say. */
  againMs: number | null;
}

export interface Source {
  /** What comes after a place; null: nothing, but the place behind all that can be told now. `woken`: somebody said that there is something. */
  read(tenants: readonly string[], after: Place | null, woken: boolean): Promise<Portion>;
}

const PAGE = 2_000;

export function postgresSource(db: Database): Source {
  return {
    read: async (tenants, after) => {
      const page = await readFollowed(db, after === null ? [] : tenants, after ?? END, PAGE);
      return { events: page.rows.map(fedOf), upTo: page.upTo, more: page.more, unsettled: page.unsettled, againMs: null };
    },
  };
}

export function fedOf(row: EventRow & Position): FedEvent {
  return { place: placeOf(row), id: row.id, tenantId: row.tenant_id ?? "", type: row.type, frame: frameOf(row) };
}
