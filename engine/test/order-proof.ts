/**
 * Proves that the order of events does not matter. What happens at a gateway, told in every order, each event delivered one to three times, while
 * the process dies at every point of its work on each of them (`mortal.ts`), from taking it in to what follows its last commit: it ends in
 * the same books and the same timeline as told at once, in order, by a process that lives.
 *
 * Up to five events every order, beyond that a sample. In the first and the last order of a scenario the process dies at each point, one after the
 * other, before it gets through; in the others at every `stride`-th, each order beginning with another. The seed is printed: it places the
 * sample and the repeats.
 */
import { describe, expect, test } from "vitest";
import { type Random, seeded } from "../src/simulation/random.ts";
import { dispatchInbound } from "../src/webhooks/inbound/dispatch.ts";
import { receive } from "../src/webhooks/inbound/receive.ts";
import { live } from "./mortal.ts";
import type { World } from "./world.ts";

type Json = Record<string, unknown>;

export interface Scenario {
  name: string;
  /** Of the sample, where there are more than five events. */
  sample?: number;
  /** What was known before. */
  before(tenant: string): Promise<void>;
  /** What happens, one after the other; each answers the events that tell it. */
  happens: ((tenant: string) => Promise<Json[]>)[];
  /** What happens only because an event of the first kind was worked on comes after it: its own type. */
  because?: string;
  /** The timeline tells it as it was heard: it may lack what was over before, and of two payments another may be the first. */
  timeline?: "as heard";
  stride?: number;
  /** How many ways of repeating each order is told in; one if not said. */
  ways?: number;
}

export interface Proof {
  seed: string;
  gateway: string;
  world(): World;
  /** As the gateway signs it now. */
  signed(event: Json, id: string): { body: Buffer; headers: Record<string, string> };
  typeOf(event: Json): string;
  /** All of the books, and the timeline, without what names this tenant and this moment. */
  outcome(tenant: string, asHeard: boolean): Promise<{ books: unknown; timeline: unknown }>;
}

let made = 0;

export function proveOrders(proof: Proof, scenarios: readonly Scenario[]): void {
  const ctxOf = () => proof.world().billing.ctx;
  const ids = new WeakMap<Json, string>();
  const idOf = (event: Json) => {
    const known = ids.get(event) ?? `evt_${proof.gateway}_${made++}`;
    ids.set(event, known);
    return known;
  };
  const takeIn = (event: Json, dieAt: number | null) =>
    live(ctxOf(), dieAt, (ctx) => receive(ctx, { gateway: proof.gateway, ...proof.signed(event, idOf(event)) }));
  const work = (dieAt: number | null) => live(ctxOf(), dieAt, (ctx) => dispatchInbound(ctx, "new"));
  const owner = (text: string) => proof.world().owner.query(text);
  /** The lease of a dead process is over, and what failed is due. A death is an attempt; so many there are in no life. */
  const revive = () =>
    owner(`update inbound_events set attempts = 0, claimed_until = case when state = 'working' then timestamptz '2020-01-01' end,
             state = case when state = 'failed' then 'pending' else state end, next_at = null
           where state in ('working', 'failed')`);

  /** Until it gets through, the process dies at each of these points. Answers how often it died. */
  async function through(step: (dieAt: number | null) => Promise<{ died: boolean }>, from: number, stride: number): Promise<number> {
    for (let deaths = 0, at = from; ; at += stride, deaths++) {
      const { died } = await step(at);
      if (!died) return deaths;
      await revive();
    }
  }

  async function told(tenant: string, scenario: Scenario): Promise<Json[]> {
    await scenario.before(tenant);
    const events: Json[] = [];
    for (const happens of scenario.happens) {
      const fresh = await happens(tenant);
      events.push(...fresh);
      for (const event of fresh) {
        await takeIn(event, null);
        await work(null);
      }
    }
    return events;
  }

  interface Way {
    order: readonly number[];
    stride: number;
    from: number;
    random: Random;
  }

  async function play(tenant: string, scenario: Scenario, types: readonly string[], way: Way): Promise<{ deaths: number; words: string }> {
    await scenario.before(tenant);
    const events: Json[] = [];
    const early = scenario.because === undefined ? scenario.happens : scenario.happens.slice(0, 1);
    for (const happens of early) events.push(...(await happens(tenant)));
    let deaths = 0;
    const seen: string[] = [];
    const list = deliveries(way.order, way.random);
    for (const place of list) {
      if (events[place] === undefined) for (const happens of scenario.happens.slice(1)) events.push(...(await happens(tenant)));
      const event = events[place]!;
      const again = seen.includes(idOf(event));
      seen.push(idOf(event));
      if (again) {
        await takeIn(event, null);
        continue;
      }
      deaths += await through((at) => takeIn(event, at), way.from, way.stride);
      deaths += await through(work, way.from, way.stride);
    }
    await revive();
    await work(null);
    expect(events.map(proof.typeOf)).toEqual(types);
    const { rows } = await owner("select event_id, type, state, last_error from inbound_events where state not in ('done', 'ignored')");
    expect(rows).toEqual([]);
    return { deaths, words: list.map((place) => types[place]).join(", ") };
  }

  describe(`seed ${proof.seed}`, () => {
    test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))("%s", { timeout: 300_000 }, async (name, scenario) => {
      const slug = name.replaceAll(/[^a-z]+/g, "-");
      const types = (await told(`${slug}-live`, scenario)).map(proof.typeOf);
      const asHeard = scenario.timeline === "as heard";
      const expected = await proof.outcome(`${slug}-live`, asHeard);
      const orders = ordersOf(types, scenario, seeded(`${proof.seed} ${name}`));
      let deaths = 0;
      const plays = Array.from({ length: scenario.ways ?? 1 }, () => orders).flat();
      for (const [index, order] of plays.entries()) {
        const whole = index === 0 || index === orders.length - 1;
        const stride = whole ? 1 : (scenario.stride ?? 5);
        const way = { order, stride, from: 1 + (whole ? 0 : index % stride), random: seeded(`${proof.seed} ${name} ${index}`) };
        const tenant = `${slug}-${index}-x`;
        const { deaths: more, words } = await play(tenant, scenario, types, way);
        deaths += more;
        const found = await proof.outcome(tenant, asHeard);
        expect(found.books, words).toEqual(expected.books);
        if (!asHeard) expect(found.timeline, words).toEqual(expected.timeline);
      }
      console.info(
        `seed ${proof.seed}: ${name}, ${types.length} events, ${orders.length} orders, told ${plays.length} times, ${deaths} deaths`,
      );
      // In two orders alone: around what takes each event in, and around what marks it.
      expect(deaths).toBeGreaterThan(types.length * 10);
    });
  });
}

/** The first of each in this order, repeats somewhere after. */
function deliveries(order: readonly number[], random: Random): number[] {
  const list = [...order];
  for (const place of order)
    for (let more = random.whole(1, 3); more > 1; more--) list.splice(random.whole(list.indexOf(place) + 1, list.length), 0, place);
  return list;
}

function ordersOf(types: readonly string[], { because, sample }: Scenario, random: Random): number[][] {
  const places = types.map((_, index) => index);
  if (places.length > 5) return [places, ...Array.from({ length: sample! - 1 }, () => shuffled(places, random))];
  const cause = because === undefined ? -1 : types.indexOf(because);
  const late = (place: number) => cause >= 0 && place > cause;
  return permutations(places).filter((order) => order.every((place, at) => !late(place) || order.indexOf(cause) < at));
}

function permutations<T>(list: readonly T[]): T[][] {
  if (list.length < 2) return [[...list]];
  return list.flatMap((first, index) => permutations(list.toSpliced(index, 1)).map((rest) => [first, ...rest]));
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const left = [...list];
  return list.map(() => left.splice(random.whole(0, left.length - 1), 1)[0]!);
}
