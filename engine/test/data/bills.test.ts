/** Real usage billed through the API under a test clock, to the last cent and line by line. */
import { afterEach, describe, expect, it } from "vitest";
import { createWorld, type World } from "../world.ts";
import { catalogOf, eventOf } from "./catalog-of.ts";
import { datasetsFolder, type ExpectedFile, type PlanFile, readExpected, readPlan, readRows } from "./datasets.ts";

const folder = datasetsFolder();

if (folder === null) {
  describe("bills of real usage", () => {
    it("NOT CHECKED: the data sets are not beside this checkout (set DATASETS_DIR)", () => {
      console.warn("The bills of real usage were not checked: the data sets are not beside this checkout.");
      expect(folder).toBeNull();
    });
  });
} else {
  let world: World;
  afterEach(() => world.close());

  describe("bills of real usage", () => {
    for (const name of ["llm_usage", "llm_requests_10min", "llm_chat_requests", "cloud_meters", "mentions_5min"]) {
      it(`${name}: month by month, as it happened`, { timeout: 240_000 }, async () => {
        const plan = readPlan(folder, name);
        world = await createWorld();
        const months = everyMonth(plan);
        const clock = await start(world, plan, readRows(folder, name), `${months[0]}-01T00:00:00Z`);
        for (const month of months) {
          const end = monthAfter(month);
          await clock.to(new Date(Date.parse(end) - 1).toISOString());
          await ingest(
            world,
            readRows(folder, name)
              .filter((row) => row[plan.timestamp]!.startsWith(month))
              .map((row) => eventOf(plan, row)),
          );
          await clock.to(end);
        }
        await compare(world, plan, readExpected(folder, name));
      });
    }

    it("llm_usage_delivery: shuffled, with events sent again, closed afterwards", { timeout: 120_000 }, async () => {
      const plan = readPlan(folder, "llm_usage");
      const rows = new Map(readRows(folder, "llm_usage").map((row) => [row.event_id!, row]));
      const delivery = readRows(folder, "llm_usage_delivery");
      world = await createWorld();
      const clock = await start(world, plan, [...rows.values()], "2024-03-08T00:00:00Z", "2024-02-01T00:00:00Z");
      const { duplicates } = await ingest(
        world,
        delivery.map(({ event_id }) => eventOf(plan, rows.get(event_id!)!)),
      );
      expect(duplicates).toBe(delivery.length - rows.size);
      await clock.to("2024-04-01T00:00:00Z");
      await compare(world, plan, readExpected(folder, "llm_usage"));
    });

    it("llm_usage_delivery: shuffled, half of it after February was closed: late lines make it whole", { timeout: 120_000 }, async () => {
      const plan = readPlan(folder, "llm_usage");
      const rows = new Map(readRows(folder, "llm_usage").map((row) => [row.event_id!, row]));
      const delivery = readRows(folder, "llm_usage_delivery").map(({ event_id }) => eventOf(plan, rows.get(event_id!)!));
      world = await createWorld();
      const clock = await start(world, plan, [...rows.values()], "2024-02-01T00:00:00Z");
      await clock.to("2024-02-29T23:59:59Z");
      const early = delivery.filter((event, index) => event.at < "2024-03" && index % 2 === 0);
      await ingest(world, early);
      await clock.to("2024-03-08T00:00:00Z");
      await ingest(world, delivery);
      await clock.to("2024-04-01T00:00:00Z");
      await compare(world, plan, readExpected(folder, "llm_usage"), { late: true });
    });
  });
}

async function start(on: World, plan: PlanFile, rows: Record<string, string>[], now: string, startAt = now) {
  const clock = await on.clock(now);
  await on.must("PUT", "/v1/catalog", catalogOf(plan));
  for (const tenant of new Set(rows.map((row) => row[plan.tenant]!))) {
    await on.must("PUT", `/v1/tenants/${tenant}`, { currency: plan.currency.toLowerCase(), test_clock: clock.id });
    await on.must("POST", `/v1/tenants/${tenant}/subscription`, { plan: "plan", start_at: startAt });
  }
  return clock;
}

async function ingest(on: World, events: object[]): Promise<{ accepted: number; duplicates: number }> {
  const sum = { accepted: 0, duplicates: 0 };
  for (let from = 0; from < events.length; from += 2_000) {
    const answer = await on.must("POST", "/v1/usage", events.slice(from, from + 2_000));
    sum.accepted += answer.accepted;
    sum.duplicates += answer.duplicates;
  }
  return sum;
}

interface Line {
  price: string;
  amount: number;
  quantity: number | string;
  period_start: string;
}

async function compare(on: World, plan: PlanFile, expected: ExpectedFile, options: { late?: boolean } = {}): Promise<void> {
  let total = 0;
  let lineCount = 0;
  for (const [tenant, months] of Object.entries(expected.tenants)) {
    const { items } = await on.must("GET", `/v1/tenants/${tenant}/invoices?limit=100`);
    for (const [month, bill] of Object.entries(months)) {
      const start = `${month}-01T00:00:00Z`;
      const lines: Line[] = items
        .flatMap((invoice: { lines: Line[] }) => invoice.lines)
        .filter((line: Line) => line.period_start === start);
      if (!options.late) {
        const invoice = items.find((item: { period_start: string }) => item.period_start === start);
        expect(invoice, `${tenant} ${month}`).toMatchObject({ total: bill.total_minor, currency: plan.currency.toLowerCase() });
      }
      for (const [price, want] of Object.entries(bill.lines)) {
        const mine = lines.filter((line) => line.price === price);
        expect(
          mine.reduce((sum, line) => sum + line.amount, 0),
          `${tenant} ${month} ${price}`,
        ).toBe(want.minor);
        if (want.quantity !== undefined && !options.late)
          expect(String(mine[0]?.quantity), `${tenant} ${month} ${price} quantity`).toBe(want.quantity);
        if (!options.late) expect(mine, `${tenant} ${month} ${price}`).toHaveLength(1);
      }
      expect(new Set(lines.map((line) => line.price)).size, `${tenant} ${month}`).toBe(Object.keys(bill.lines).length);
      total += lines.reduce((sum, line) => sum + line.amount, 0);
      lineCount += Object.keys(bill.lines).length;
    }
  }
  expect(total).toBe(expected.grand_total_minor);
  expect(lineCount).toBe(expected.lines);
}

function everyMonth(plan: PlanFile): string[] {
  const months: string[] = [];
  const last = plan.months.at(-1)!;
  for (let month = plan.months[0]!; month <= last; month = monthAfter(month).slice(0, 7)) months.push(month);
  return months;
}

function monthAfter(month: string): string {
  const [year, number] = month.split("-").map(Number) as [number, number];
  return number === 12 ? `${year + 1}-01-01T00:00:00Z` : `${year}-${String(number + 1).padStart(2, "0")}-01T00:00:00Z`;
}
