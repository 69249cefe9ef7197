/**
 * Pricing and aggregation over HTTP: the cases of other engines as bodies of `POST /v1/quote`. The mapping names fields and
 * scales the major unit; all numbers come back from the server.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorld, type World } from "../world.ts";
import type { Case } from "./case.ts";
import { INEXPRESSIBLE, QUOTE_SUITES } from "./quote-suites.ts";
import { ABSENT, loadVectors, nameOf } from "./vectors.ts";

const vectors = loadVectors();
if (vectors === null) {
  test(ABSENT, () => console.warn(ABSENT));
} else {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world?.close());

  for (const [kind, run] of Object.entries(QUOTE_SUITES)) {
    const cases = vectors.filter((vector) => vector.kind === kind) as Case[];
    if (cases.length === 0) continue;
    describe(kind, () => {
      for (const [index, vector] of cases.entries()) {
        const left = INEXPRESSIBLE.find(({ applies }) => applies(vector));
        // Shown as left out, so that nobody takes it for passed; the rating suite has it.
        if (left) test.skip(`${nameOf(vector, index)}: ${left.why}`);
        else test(nameOf(vector, index), () => run(ask, vector));
      }
    });
  }

  async function ask(body: unknown) {
    const answer = await world.post("/v1/quote", body);
    expect(answer.status, answer.text).toBe(200);
    return answer.body;
  }
}
