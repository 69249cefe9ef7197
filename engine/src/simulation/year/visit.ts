/** One customer at one stop of the clock: what a behaviour is given, and the form of a behaviour. */
import type { Instant } from "../../billing/time/instant.ts";
import { type Random, seeded } from "../random.ts";
import type { Answer, Api } from "./api.ts";
import type { Customer } from "./customers.ts";
import type { Standing } from "./standing.ts";

export interface Visit {
  customer: Customer;
  /** How things stand with it when the stop begins; a behaviour that changes them calls `reload`. */
  standing: Standing;
  clockId: string;
  now: Instant;
  /** Of the year, from 0. */
  day: number;
  api: Api;
  /** A route below /v1/tenants/{the customer}. */
  own(method: Parameters<Api>[0], path: string, body?: unknown, unless?: readonly string[]): Promise<Answer>;
  /** Chance of its own for each behaviour, so that one more of them does not change what others do. */
  random(what: string): Random;
  reload(): Promise<void>;
}

/** What customers do. Each is a module of `behaviours/`; `behaviours.ts` says in which order they come. */
export type Behaviour = (visit: Visit) => Promise<void>;

export function visitOf(input: Omit<Visit, "own" | "random" | "reload"> & { seed: number; read: () => Promise<Standing> }): Visit {
  const { seed, read, ...rest } = input;
  const { customer, day, api } = rest;
  const visit: Visit = {
    ...rest,
    own: (method, path, body, unless) => api(method, `/v1/tenants/${customer.id}${path}`, body, unless),
    random: (what) => seeded(`${seed} ${customer.id} ${what} ${day}`),
    reload: async () => {
      visit.standing = await read();
    },
  };
  return visit;
}

/** A chance a month, met on one day. */
export function monthly(visit: Visit, random: Random, probability: number): boolean {
  return random.chance((probability * visit.customer.temper) / 30);
}
