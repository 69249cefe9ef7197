/** How much an automatic top-up buys, as another engine's tests have it. */
import { describe, expect, test } from "vitest";
import { creditsToBuy } from "../../src/billing/credits/top-up.ts";
import { decimal } from "../../src/billing/money/decimal.ts";
import type { Case } from "./case.ts";
import { ABSENT, loadVectors, nameOf, TOP_UP_KINDS } from "./vectors.ts";

const vectors = loadVectors();

/** Minor units as credits, at the wallet's price of one. */
function creditsFor(cents: number | undefined, rate: string) {
  return cents === undefined ? null : decimal(cents).div(decimal("100")).div(decimal(rate));
}

function buys({ input }: Case): string {
  const limited = input.ignore_paid_top_up_limits !== true;
  return creditsToBuy(
    {
      method: input.method,
      trigger: input.trigger ?? "threshold",
      threshold: decimal(input.threshold_credits ?? "0"),
      target: decimal(input.target_ongoing_balance ?? "0"),
      paid: decimal(input.rule_paid_credits ?? "0"),
      given: decimal(input.rule_granted_credits ?? "0"),
      // What is given to reach a target is the gap itself.
      least: limited && !input.grants_target_top_up ? creditsFor(input.wallet_paid_top_up_min_cents, input.rate_amount) : null,
      most: limited ? creditsFor(input.wallet_paid_top_up_max_cents, input.rate_amount) : null,
    },
    decimal(input.ongoing_balance),
  ).toFixed();
}

describe("public vectors: automatic top-up", () => {
  if (!vectors) {
    test(ABSENT, () => console.warn(ABSENT));
    return;
  }
  const cases = (vectors as unknown as Case[]).filter((vector) => TOP_UP_KINDS.has(vector.kind));
  test("are there", () => expect(cases.length).toBeGreaterThan(0));
  cases.forEach((vector, index) => {
    test(nameOf(vector, index), () => {
      expect(buys(vector)).toBe(vector.expected.paid_credits ?? vector.expected.granted_credits);
    });
  });
});
