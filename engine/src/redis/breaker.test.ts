import { expect, test } from "vitest";
import { type Circuit, createBreaker } from "./breaker.ts";

function rig() {
  let now = 0;
  const changes: Circuit[] = [];
  const breaker = createBreaker(
    { failures: 3, firstMs: 100, lastMs: 300 },
    () => now,
    (state) => changes.push(state),
  );
  return {
    breaker,
    changes,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

test("failures in a row open it, and one success between them does not count them together", () => {
  const { breaker, changes } = rig();
  for (const outcome of ["failed", "failed", "succeeded", "failed", "failed"] as const) {
    expect(breaker.enter()).toBe(true);
    breaker[outcome]();
  }
  expect([breaker.state(), changes]).toEqual(["closed", []]);
  breaker.failed();
  expect([breaker.state(), breaker.enter(), changes]).toEqual(["open", false, ["open"]]);
});

test("after its time one may try, and only one; a success closes it", () => {
  const { breaker, changes, pass } = rig();
  breaker.trip();
  pass(99);
  expect(breaker.enter()).toBe(false);
  pass(1);
  expect([breaker.enter(), breaker.enter(), breaker.state()]).toEqual([true, false, "half-open"]);
  breaker.succeeded();
  expect([breaker.state(), breaker.enter(), changes]).toEqual(["closed", true, ["open", "half-open", "closed"]]);
});

test("each try that fails doubles the wait, up to the last; a success begins anew", () => {
  const { breaker, pass } = rig();
  breaker.trip();
  for (const wait of [100, 200, 300, 300]) {
    pass(wait - 1);
    expect(breaker.enter()).toBe(false);
    pass(1);
    expect(breaker.enter()).toBe(true);
    breaker.failed();
  }
  pass(300);
  expect(breaker.enter()).toBe(true);
  breaker.succeeded();
  breaker.trip();
  pass(100);
  expect(breaker.enter()).toBe(true);
});

test("what was asked before it opened and comes late changes nothing", () => {
  const { breaker, pass } = rig();
  breaker.trip();
  breaker.succeeded();
  breaker.failed();
  expect(breaker.state()).toBe("open");
  pass(100);
  expect(breaker.enter()).toBe(true);
});
