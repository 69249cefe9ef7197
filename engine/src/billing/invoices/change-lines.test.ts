/** Changes within a period against figures of Stripe, and the law that they conserve money, under random sequences. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Plan } from "../catalog/plan.ts";
import { type PriceDocument, parsePrice } from "../catalog/price.ts";
import { NOTHING, plus, roundMinor } from "../money/amount.ts";
import type { Instant } from "../time/instant.ts";
import type { Period } from "../time/period.ts";
import { type BilledLine, pendingAsBilled } from "./billed.ts";
import { changeLines, type Sold } from "./change-lines.ts";
import type { DraftLine } from "./invoice.ts";
import { recurringCost, recurringLine } from "./line.ts";

const HOUR = 3_600_000;

function plan(key: string, prices: PriceDocument[], prorationUnit: Plan["prorationUnit"] = "second"): Plan {
  const parsed = prices.map(parsePrice);
  return { key, version: 1, prorationUnit, pricesIn: () => parsed } as unknown as Plan;
}

const flat = (amount: number): PriceDocument => ({ key: "base", type: "flat", amount });

/** A period as it is lived: what was billed at its start, and what each change adds. */
class Life {
  readonly parts: Sold[];
  readonly lines: DraftLine[] = [];
  readonly billed: BilledLine[] = [];
  readonly period: Period;
  readonly timeZone: string;

  constructor(period: Period, first: Plan, seats: number, timeZone = "UTC") {
    this.period = period;
    this.timeZone = timeZone;
    this.parts = [{ service: period, full: period, plan: first, seats }];
    this.take(first.pricesIn("usd").map((price) => recurringLine(price, this.about(this.parts[0]!))));
  }

  about({ plan: sold, seats, service, full }: Sold) {
    const { prorationUnit } = sold;
    return { planKey: sold.key, planVersion: 1, seats, service, full, prorationUnit, timeZone: this.timeZone };
  }

  change(at: Instant, after: Pick<Sold, "plan" | "seats"> | null): DraftLine[] {
    const lines = changeLines({ before: this.parts, at, after, currency: "usd", timeZone: this.timeZone, billed: this.billed });
    this.take(lines);
    const open = this.parts.at(-1)!;
    if (open.service.start >= at) this.parts.pop();
    else this.parts[this.parts.length - 1] = { ...open, service: { start: open.service.start, end: at } };
    if (after) this.parts.push({ ...after, full: this.period, service: { start: at, end: this.period.end } });
    return lines;
  }

  /** What the parts cost, by price, each sum rounded once. */
  cost(): bigint {
    const keys = new Set(this.parts.flatMap((part) => part.plan.pricesIn("usd").map((price) => price.key)));
    return [...keys].reduce((total, key) => {
      const exact = this.parts.reduce((sum, part) => {
        const price = part.plan.pricesIn("usd").find((one) => one.key === key);
        return price ? plus(sum, recurringCost(price, this.about(part)).exact) : sum;
      }, NOTHING);
      return total + roundMinor(exact);
    }, 0n);
  }

  total(): bigint {
    return this.lines.reduce((sum, line) => sum + line.amount, 0n);
  }

  private take(lines: readonly DraftLine[]): void {
    this.lines.push(...lines);
    this.billed.push(...lines.map(pendingAsBilled));
  }
}

const amounts = (lines: readonly DraftLine[]) => lines.map((line) => [line.kind, Number(line.amount)]);

describe("the amounts that Stripe computed", () => {
  it.each([
    // Source: Stripe's documentation, "Prorations", example of an upcoming invoice; it names the end, the change and the prices.
    { start: 1_596_749_288, end: 1_599_427_688, at: 1_598_982_148, old: 1_000, next: 3_252, lines: [-166, 541], due: 3_627 },
    // Source: https://gist.github.com/matthewarkin/27bcfdf622eb91d3508ea082d0ad50b8, an answer of the API in 2017.
    { start: 1_487_030_400, end: 1_489_449_600, at: 1_488_568_488, old: 1_000, next: null, lines: [-364], due: -364 },
    // Source: Stripe's documentation, "Prorations", "How prorations work": a change halfway.
    { start: 1_704_067_200, end: 1_706_745_600, at: 1_705_406_400, old: 1_000, next: 2_000, lines: [-500, 1_000], due: 2_500 },
  ])("$old to $next: $lines", ({ start, end, at, old, next, lines, due }) => {
    const life = new Life({ start: start * 1_000, end: end * 1_000 }, plan("old", [flat(old)]), 1);
    const made = life.change(at * 1_000, next === null ? null : { plan: plan("new", [flat(next)]), seats: 1 });
    expect(made.map((line) => Number(line.amount))).toEqual(lines);
    // The invoice that follows has them, and the next period at the new price.
    expect(made.reduce((sum, line) => sum + Number(line.amount), next ?? 0)).toBe(due);
  });
});

describe("a change within a period", () => {
  const april = { start: Date.UTC(2026, 3, 1), end: Date.UTC(2026, 4, 1) };
  const at = (day: number, hour = 0) => Date.UTC(2026, 3, day, hour);

  it("credits what was sold and charges what is sold, by price", () => {
    const small = plan("small", [flat(1_000), { key: "seats", type: "seat", unit_amount: "300", included: 2 }]);
    const large = plan("large", [flat(4_000), { key: "support", type: "flat", amount: 500 }]);
    const life = new Life(april, small, 5);
    const lines = life.change(at(16), { plan: large, seats: 5 });
    expect(lines.map((line) => [line.kind, line.priceKey, Number(line.amount)])).toEqual([
      ["credit", "base", -500],
      ["credit", "seats", -450],
      ["flat", "base", 2_000],
      ["flat", "support", 250],
    ]);
  });

  it("touches no price that costs the same after a change of seats", () => {
    const team = plan("team", [flat(1_000), { key: "seats", type: "seat", unit_amount: "300", included: 3 }]);
    const life = new Life(april, team, 2);
    expect(life.change(at(10), { plan: team, seats: 3 })).toEqual([]);
    expect(life.change(at(16), { plan: team, seats: 4 }).map((line) => [line.priceKey, Number(line.amount)])).toEqual([["seats", 150]]);
  });

  it("costs nothing where it is taken back at the same instant", () => {
    const [small, large] = [plan("small", [flat(999)]), plan("large", [flat(2_501)])];
    const life = new Life(april, small, 1);
    life.change(at(7, 5), { plan: large, seats: 1 });
    life.change(at(7, 5), { plan: small, seats: 1 });
    expect(life.total()).toBe(999n);
  });

  it("by the day, gives the day of the change to the new plan", () => {
    const life = new Life(april, plan("a", [flat(3_000)], "day"), 1);
    expect(amounts(life.change(at(11, 17), { plan: plan("b", [flat(6_000)], "day"), seats: 1 }))).toEqual([
      ["credit", -2_000],
      ["flat", 4_000],
    ]);
  });

  it("credits nothing of what was voided, and bills the time after it", () => {
    const [small, large] = [plan("small", [flat(1_000)]), plan("large", [flat(3_000)])];
    const life = new Life(april, small, 1);
    life.billed[0] = { ...life.billed[0]!, amount: 0n, stands: false };
    expect(amounts(life.change(at(16), { plan: large, seats: 1 }))).toEqual([["flat", 1_500]]);
  });

  it("conserves money: any sequence of plans and seats costs what the time used costs, to the minor unit", () => {
    const plans = [
      plan("free", [{ key: "seats", type: "seat", unit_amount: "0" }]),
      plan("small", [flat(999), { key: "seats", type: "seat", unit_amount: "333.3", included: 3 }]),
      plan("large", [flat(4_901), { key: "seats", type: "seat", unit_amount: "1250", included: 1 }]),
      plan("tiered", [
        {
          key: "base",
          type: "seat",
          model: "volume",
          tiers: [
            { up_to: 5, unit_amount: "700" },
            { up_to: null, unit_amount: "601" },
          ],
        },
      ]),
      plan("daily", [flat(12_345), { key: "addon", type: "flat", amount: 77 }], "day"),
    ];
    const step = fc.record({ after: fc.integer({ min: 0, max: 200 * HOUR }), plan: fc.nat(plans.length - 1), seats: fc.nat(12) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), fc.nat(plans.length - 1), fc.nat(12), fc.boolean(), (steps, first, seats, ends) => {
        const life = new Life(april, plans[first]!, seats);
        let now = april.start;
        for (const { after, plan: index, seats: count } of steps) {
          now += after;
          if (now >= april.end) break;
          const before = life.total();
          const lines = life.change(now, { plan: plans[index]!, seats: count });
          expect(life.total()).toBe(life.cost());
          // No line has the wrong sign, and nothing is given back that was not paid.
          for (const line of lines) expect(line.kind === "credit" ? line.amount <= 0n : line.amount >= 0n).toBe(true);
          expect(
            before + lines.filter(({ kind }) => kind === "credit").reduce((sum, { amount }) => sum + amount, 0n),
          ).toBeGreaterThanOrEqual(0n);
        }
        if (ends && now < april.end) {
          life.change(now, null);
          expect(life.total()).toBe(life.cost());
        }
      }),
      { numRuns: 500 },
    );
  });
});
