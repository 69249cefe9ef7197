/** Quantities: rollups, raw events and the pure aggregation agree to the last digit, at any period, also of a meter made later. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Meter } from "../src/billing/catalog/meter.ts";
import { decimal, parseDecimal } from "../src/billing/money/decimal.ts";
import { parseMicros } from "../src/billing/time/instant.ts";
import { aggregate } from "../src/billing/usage/aggregate.ts";
import { backfillUsage } from "../src/billing/usage/backfill.ts";
import { matches, propertyText } from "../src/billing/usage/filter.ts";
import { groupKey, groupOf } from "../src/billing/usage/group.ts";
import { readQuantities } from "../src/billing/usage/quantity.ts";
import { onPool } from "../src/db/pool.ts";
import { createWorld, type World } from "./world.ts";

let world: World;
let clock: Awaited<ReturnType<World["clock"]>>;
const AGGREGATIONS = ["count", "sum", "max", "min", "avg", "latest", "unique_count", "weighted_sum"] as const;

function meter(key: string, aggregation: string, more: Record<string, unknown> = {}) {
  return {
    key,
    event: "work",
    aggregation,
    ...(aggregation === "count" ? {} : { property: aggregation === "unique_count" ? "user" : "v" }),
    ...more,
  };
}
const METERS = [
  ...AGGREGATIONS.map((aggregation) => meter(aggregation, aggregation)),
  ...AGGREGATIONS.map((aggregation) =>
    meter(`${aggregation}_grouped`, aggregation, { group_by: ["model"], filters: { region: ["eu", "us"] } }),
  ),
  ...["unique_count", "weighted_sum"].map((aggregation) => meter(`${aggregation}_recurring`, aggregation, { recurring: true })),
];

beforeAll(async () => {
  world = await createWorld();
  clock = await world.clock("2024-04-02T00:00:00Z");
  await world.must("PUT", "/v1/catalog", { meters: METERS, plans: [] });
});
afterAll(() => world.close());

interface Sent {
  idempotency_key: string;
  at: string;
  amount?: string;
  properties: Record<string, unknown>;
}

let made = 0;
async function tenantWith(events: Sent[], fields: Record<string, unknown> = {}): Promise<{ id: string; no: number }> {
  const id = `q${++made}`;
  await world.must("PUT", `/v1/tenants/${id}`, { test_clock: clock.id, ...fields });
  const bodies = events.map((event) => ({ tenant_id: id, event: "work", ...event }));
  // In several requests, so that rollups are moved more than once.
  for (let i = 0; i < bodies.length; i += 7) await world.must("POST", "/v1/usage", bodies.slice(i, i + 7));
  return { id, no: (await world.billing.ctx.tenants.find(id))!.no };
}

async function meters(): Promise<Meter[]> {
  return [...(await world.billing.ctx.catalog.current({ fresh: true })).meters.values()].filter((known) => known.event === "work");
}

/** What the pure aggregation makes of the same events, by group. */
function expected(
  known: Meter,
  events: Sent[],
  start: number,
  end: number,
  filters: Record<string, string[]>,
  groupBy: string[],
): [string, string][] {
  const groups = new Map<string, Sent[]>();
  for (const event of events) {
    if (!matches(known.filters, event.properties) || !matches(filters, event.properties)) continue;
    const us = parseMicros(event.at)!;
    if (us >= end * 1_000 || (us < start * 1_000 && !known.recurring)) continue;
    const key = groupKey(groupOf(groupBy, event.properties));
    groups.set(key, [...(groups.get(key) ?? []), event]);
  }
  if (groupBy.length === 0 && groups.size === 0) groups.set("", []);
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, list]) => {
      const read = list.map((event) => ({
        atUs: parseMicros(event.at)!,
        seq: events.indexOf(event) + 1,
        value: parseDecimal(event.properties.v),
        text: propertyText(event.properties, "user"),
        operation: event.properties.operation_type as "add" | "remove",
      }));
      const window = { startUs: start * 1_000, endUs: end * 1_000 };
      return [key, aggregate(known.aggregation, read, { window, recurring: known.recurring }).toFixed()];
    });
}

const instant = fc
  .tuple(fc.integer({ min: 0, max: 72 * 3_600 }), fc.constantFrom(0, 0, 1, 999_999, 500_000, 123_456), fc.constantFrom("Z", "+05:30"))
  .map(([seconds, us, zone]) => {
    const base = Date.UTC(2024, 2, 29) + seconds * 1_000 + (zone === "Z" ? 0 : 19_800_000);
    return `${new Date(base).toISOString().slice(0, 19)}.${String(us).padStart(6, "0")}${zone}`;
  });
const quantity = fc.oneof(
  fc.integer({ min: -1_000, max: 1_000_000 }),
  fc
    .tuple(fc.integer({ min: -99_999_999, max: 99_999_999 }), fc.integer({ min: 0, max: 999_999 }))
    .map(([a, b]) => `${a}.${String(b).padStart(6, "0")}`),
  fc.constantFrom("12345678901234567890.123456789012", "-0.000000000001", 0.1, 1e-7),
);
const sent = fc.record({
  at: instant,
  v: quantity,
  user: fc.oneof(fc.constantFrom("ann", "bob", "zoë", "1"), fc.constantFrom(1, 1.5, 1e21, true)),
  model: fc.constantFrom("a", "b", "ü", null, undefined, 7),
  region: fc.constantFrom("eu", "us", "asia"),
  operation_type: fc.constantFrom("add", "remove", undefined),
});
const period = fc
  .tuple(
    fc.integer({ min: 0, max: 72 * 3_600_000 }),
    fc.integer({ min: 1, max: 72 * 3_600_000 }),
    fc.constantFrom(1, 1_800_000, 3_600_000, 86_400_000),
  )
  .map(([start, length, grain]) => {
    const from = Date.UTC(2024, 2, 29) + Math.floor(start / grain) * grain;
    return { start: from, end: from + Math.max(1, Math.round(length / grain)) * grain };
  });

const ask = fc.record({
  period,
  filters: fc.constantFrom<Record<string, string[]>>({}, { model: ["a", "7"] }, { region: ["eu"] }),
  groupBy: fc.constantFrom<string[]>([], ["model"], ["region"], ["region", "model"]),
});

/** Runs the law on one world of events; `known` says which meters. */
async function agree(
  events: Sent[],
  no: number,
  known: Meter[],
  asks: { period: { start: number; end: number }; filters: Record<string, string[]>; groupBy: string[] }[],
) {
  const all = known.flatMap((one) =>
    asks.map((each) => ({ tenantNo: no, meter: one, ...each.period, filters: each.filters, groupBy: each.groupBy })),
  );
  const answers = await readQuantities(onPool(world.billing.ctx.pool), all);
  const got = answers.map((answer, i) => ({
    meter: all[i]!.meter.key,
    ...asks[i % asks.length],
    groups: answer.map((group) => [group.key, group.value.toFixed()]),
  }));
  const want = all.map((one, i) => ({
    meter: one.meter.key,
    ...asks[i % asks.length],
    groups: expected(one.meter, events, one.start, one.end, one.filters, one.groupBy),
  }));
  expect(got).toEqual(want);
}

const worlds = fc.tuple(fc.array(sent, { minLength: 1, maxLength: 40 }), fc.array(ask, { minLength: 1, maxLength: 6 }));

function eventsFrom(list: { at: string }[]): Sent[] {
  return list.map(({ at, ...properties }, i) => ({
    idempotency_key: `e${i}`,
    at,
    properties: JSON.parse(JSON.stringify(properties)) as Record<string, unknown>,
  }));
}

test("every aggregation agrees between rollups, raw events and the pure rules", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(worlds, async ([list, asks]) => {
      const events = eventsFrom(list);
      const { no } = await tenantWith(events);
      await agree(events, no, await meters(), asks);
    }),
    { numRuns: 25, seed: 20240229 },
  );
});

test("a meter made after the events is exact before, during and after its backfill, and reads what comes later", {
  timeout: 120_000,
}, async () => {
  const list = fc.sample(sent, { numRuns: 120, seed: 7 });
  const asks = fc.sample(ask, { numRuns: 12, seed: 8 });
  const events = eventsFrom(list);
  const { id, no } = await tenantWith(events);
  const late = AGGREGATIONS.map((aggregation) => meter(`${aggregation}_late`, aggregation, { group_by: ["region", "model"] }));
  await world.must("PUT", "/v1/catalog", { meters: [...METERS, ...late], plans: [] });
  const known = (await meters()).filter((one) => one.key.endsWith("_late"));
  await agree(events, no, known, asks);
  const more: Sent[] = events.slice(0, 30).map((event) => ({ ...event, idempotency_key: `${event.idempotency_key}-more` }));
  await world.must(
    "POST",
    "/v1/usage",
    more.map((event) => ({ tenant_id: id, event: "work", ...event })),
  );
  events.push(...more);
  await agree(events, no, known, asks);
  await backfillUsage(world.billing.ctx);
  const behind = await onPool(world.billing.ctx.pool).query("select from usage_meters where rolled_from > 0");
  expect(behind).toEqual([]);
  await agree(events, no, known, asks);
});

describe("buckets of a read", () => {
  const at = (list: string[]): Sent[] =>
    list.map((one, i) => ({ idempotency_key: `b${i}`, at: one, properties: { v: 1, user: "u", region: "eu" } }));
  const read = async (id: string, query: string): Promise<[string, string, string][]> => {
    const rows: [string, string, string][] = [];
    for (let cursor = ""; ; ) {
      const page = await world.must("GET", `/v1/tenants/${id}/usage?${query}${cursor && `&cursor=${cursor}`}`);
      rows.push(
        ...page.items.map((item: { period_start: string; period_end: string; value: unknown }) => [
          item.period_start,
          item.period_end,
          String(item.value),
        ]),
      );
      if (!page.next_cursor) return rows;
      cursor = page.next_cursor;
    }
  };

  test("a timestamp finer than a microsecond stays in its month", async () => {
    const { id } = await tenantWith(
      at(["2024-02-29T23:59:59.9999999Z", "2024-03-01T00:00:00Z", "2024-03-31T23:59:59.9999999999999999999Z"]),
    );
    expect(await read(id, "meter=count&granularity=month&from=2024-02-01T00:00:00Z&to=2024-04-01T00:00:00Z")).toEqual([
      ["2024-03-01T00:00:00Z", "2024-04-01T00:00:00Z", "2"],
      ["2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z", "1"],
    ]);
  });

  test("days of a clock change have 23 and 25 hours", async () => {
    const { id } = await tenantWith(
      at(["2024-03-30T22:59:59.999999Z", "2024-03-30T23:00:00Z", "2024-03-31T21:59:59.999999Z", "2024-03-31T22:00:00Z"]),
      {
        time_zone: "Europe/Paris",
      },
    );
    expect(await read(id, "meter=count&granularity=day&from=2024-03-29T23:00:00Z&to=2024-04-01T22:00:00Z&limit=1")).toEqual([
      ["2024-03-31T22:00:00Z", "2024-04-01T22:00:00Z", "1"],
      ["2024-03-30T23:00:00Z", "2024-03-31T22:00:00Z", "2"],
      ["2024-03-29T23:00:00Z", "2024-03-30T23:00:00Z", "1"],
    ]);
  });

  test("days of Kolkata begin within an hour", async () => {
    const { id } = await tenantWith(
      at(["2024-03-30T18:29:59.999999Z", "2024-03-30T18:30:00Z", "2024-03-31T18:00:00Z", "2024-03-31T18:30:00Z"]),
      {
        time_zone: "Asia/Kolkata",
      },
    );
    expect(await read(id, "meter=sum&granularity=day&from=2024-03-29T18:30:00Z&to=2024-04-01T18:30:00Z&limit=2")).toEqual([
      ["2024-03-31T18:30:00Z", "2024-04-01T18:30:00Z", "1"],
      ["2024-03-30T18:30:00Z", "2024-03-31T18:30:00Z", "2"],
      ["2024-03-29T18:30:00Z", "2024-03-30T18:30:00Z", "1"],
    ]);
  });

  test("by group, page by page; without anything said, the month to the end of today", async () => {
    const events = at(["2024-04-01T01:00:00Z", "2024-04-01T02:00:00Z", "2024-04-01T02:30:00Z"]);
    events.forEach((event, i) => {
      event.properties.model = ["a", "b", "a"][i];
    });
    const { id } = await tenantWith(events);
    const first = await world.must("GET", `/v1/tenants/${id}/usage?meter=sum&granularity=hour&group_by=model&limit=2`);
    expect(first.items.map((item: { group: unknown; value: unknown }) => [item.group, item.value])).toEqual([
      [{ model: "a" }, 1],
      [{ model: "b" }, 1],
    ]);
    const next = await world.must(
      "GET",
      `/v1/tenants/${id}/usage?meter=sum&granularity=hour&group_by=model&limit=2&cursor=${first.next_cursor}`,
    );
    expect(next).toMatchObject({ items: [{ period_start: "2024-04-01T01:00:00Z", group: { model: "a" }, value: 1 }], next_cursor: null });
    const whole = await world.must("GET", `/v1/tenants/${id}/usage?meter=sum`);
    expect(whole.items).toEqual([
      {
        meter: "sum",
        period_start: "2024-04-01T00:00:00Z",
        period_end: "2024-04-03T00:00:00Z",
        granularity: "total",
        value: 3,
        group: null,
      },
    ]);
    expect((await world.get(`/v1/tenants/${id}/usage?limit=100`)).body.items.length).toBe((await meters()).length);
  });

  test("what cannot be answered is refused by name", async () => {
    const { id } = await tenantWith([]);
    const refused = async (query: string) => {
      const { status, body } = await world.get(`/v1/tenants/${id}/usage?${query}`);
      return [status, body.code, body.errors?.[0]?.path];
    };
    expect(await refused("meter=nothing")).toEqual([404, "meter_not_found", undefined]);
    expect(await refused("granularity=week")).toEqual([422, "invalid_request", "granularity"]);
    expect(await refused("from=2024-05-01T00:00:00Z")).toEqual([422, "invalid_request", "to"]);
    expect(await refused("granularity=hour&from=1990-01-01T00:00:00Z")).toEqual([422, "invalid_request", "from"]);
    expect((await world.get("/v1/tenants/nobody/usage")).status).toBe(404);
  });
});

test("the value of each event, in order of time, for prices that look at single events", async () => {
  const events: Sent[] = [3, 1, 2].map((hour, i) => ({
    idempotency_key: `v${i}`,
    at: `2024-03-29T0${hour}:00:00Z`,
    properties: { v: `${hour}.5`, user: "u" },
  }));
  const { no } = await tenantWith(events);
  const sum = (await meters()).find((one) => one.key === "sum")!;
  const [answer] = await readQuantities(onPool(world.billing.ctx.pool), [
    { tenantNo: no, meter: sum, start: Date.UTC(2024, 2, 29), end: Date.UTC(2024, 2, 30), events: true },
  ]);
  expect(answer!.map((group) => group.events!.map((value) => value.toFixed()))).toEqual([["1.5", "2.5", "3.5"]]);
  expect(answer![0]!.value.eq(decimal("7.5"))).toBe(true);
});
