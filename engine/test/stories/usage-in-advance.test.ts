/** Usage that is billed as it comes: quote, preview and invoice agree, also where something of it is taken back. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorld, type World } from "../world.ts";
import { tenantOf } from "./tenant.ts";

const METERS = ["sum", "count", "max", "latest", "min", "avg"]
  .map((aggregation) => ({ key: aggregation, event: "use", aggregation, property: "units" }))
  .map(({ property, ...meter }) => (meter.aggregation === "count" ? meter : { ...meter, property }));
const usage = (key: string, meter: string, more: object) => ({ key, type: "usage", meter, timing: "in_advance", ...more });
const PRICES = [
  ...METERS.map(({ key }) => usage(key, key, { unit_amount: "10.4" })),
  usage("tiered", "sum", {
    model: "graduated",
    tiers: [
      { up_to: 10, unit_amount: "7", flat_amount: "50" },
      { up_to: null, unit_amount: "0.3" },
    ],
  }),
  usage("volume", "sum", {
    model: "volume",
    tiers: [
      { up_to: 10, unit_amount: "7" },
      { up_to: null, unit_amount: "3" },
    ],
  }),
  usage("packs", "sum", { model: "package", unit_amount: "100", package_size: 5, included: 3 }),
  usage("share", "sum", { model: "percentage", rate: "5", fixed_amount: "20", free_events: 1, maximum_amount: 90 }),
  usage("least", "sum", { unit_amount: "1", minimum_amount: 500 }),
];
const EVENTS = [8, -4, 9, 2.5, -6].map((units, day) => ({ event: "use", at: `2026-01-0${day + 2}T00:00:00Z`, properties: { units } }));
const PERIOD = { start: "2026-01-01T00:00:00Z", end: "2026-02-01T00:00:00Z" };

describe("usage in advance", () => {
  let world: World;
  let clock: Awaited<ReturnType<World["clock"]>>;
  let acme: ReturnType<typeof tenantOf>;
  const shown = (answer: { lines: Record<string, unknown>[] }) =>
    answer.lines
      .filter((line) => line.period_start === PERIOD.start)
      .map((line) => [line.price, line.quantity, line.amount])
      .sort();

  beforeAll(async () => {
    world = await createWorld();
    clock = await world.clock(PERIOD.start);
    await world.must("PUT", "/v1/catalog", {
      meters: METERS,
      plans: [{ key: "p", name: "P", currency: "usd", interval: "month", prices: PRICES }],
    });
    await world.must("PUT", "/v1/tenants/acme", { currency: "usd", test_clock: clock.id });
    acme = tenantOf(world, "acme");
    await acme.start({ plan: "p" });
    await clock.to("2026-01-20T00:00:00Z");
    await world.must(
      "POST",
      "/v1/usage",
      EVENTS.map((event, i) => ({ ...event, tenant_id: "acme", idempotency_key: `${i}` })),
    );
  });
  afterAll(() => world.close());

  it("costs on the invoice what a quote said, and what the preview said", async () => {
    const quote = await world.must("POST", "/v1/quote", { plan: "p", currency: "usd", period: PERIOD, events: EVENTS });
    const preview = await acme.upcoming();
    await clock.to(PERIOD.end);
    const invoice = (await acme.invoices()).at(-1);
    expect(shown(invoice)).toEqual(shown(quote));
    expect(shown(preview)).toEqual(shown(quote));
    // 15.5 were reached, 9.5 are left.
    expect(shown(invoice)).toContainEqual(["sum", 9.5, 161]);
  });

  it("late: what takes back gives nothing, what reaches higher costs the difference", async () => {
    const late = (units: number, at: string) =>
      world.must("POST", "/v1/usage", { tenant_id: "acme", event: "use", at, properties: { units }, idempotency_key: at });
    await clock.to("2026-02-02T00:00:00Z");
    await late(-9, "2026-01-31T00:00:00Z");
    await clock.to("2026-03-01T00:00:00Z");
    expect(shown((await acme.invoices()).at(-1)).find(([price]) => price === "sum")).toBeUndefined();
    await late(20, "2026-01-31T12:00:00Z");
    await clock.to("2026-04-01T00:00:00Z");
    // 20.5 are reached now: 213.2, of which 161 are billed.
    expect(shown((await acme.invoices()).at(-1)).find(([price]) => price === "sum")).toEqual(["sum", 20.5, 52]);
  });
});
