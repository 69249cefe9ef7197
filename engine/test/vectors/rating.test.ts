/**
 * Pricing and aggregation against the cases of other engines. What is asserted comes from the engine's own functions: the
 * suites only name fields.
 */
import { describe, expect, test } from "vitest";
import type { Case } from "./case.ts";
import { LAGO_SUITES } from "./lago-suites.ts";
import { DIFFERS, differing, OPENMETER_SUITES } from "./openmeter-suites.ts";
import { ABSENT, loadVectors, nameOf, RATING_KINDS } from "./vectors.ts";

const SUITES = { ...LAGO_SUITES, ...OPENMETER_SUITES };

test("every kind of pricing and aggregation has a suite", () => {
  expect(Object.keys(SUITES).sort()).toEqual([...RATING_KINDS].sort());
});

const vectors = loadVectors();
if (vectors === null) {
  test(ABSENT, () => console.warn(ABSENT));
} else {
  for (const [kind, run] of Object.entries(SUITES)) {
    const cases = vectors.filter((vector) => vector.kind === kind) as Case[];
    if (cases.length === 0) continue;
    describe(kind, () => {
      test.each(cases.map((vector, index) => ({ name: nameOf(vector, index), vector })))("$name", ({ vector }) => run(vector));
    });
  }
  test("each difference that we name is shown by a case", () => {
    expect([...differing].sort()).toEqual(DIFFERS.map(({ name }) => name).sort());
  });
}
