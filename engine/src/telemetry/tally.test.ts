import { expect, test } from "vitest";
import { Counter, Histogram } from "./tally.ts";

test("a counter is nothing before it is something; labels are told apart", () => {
  const plain = new Counter("a_total", "");
  expect(plain.samples()).toEqual([{ labels: {}, value: 0 }]);
  const labelled = new Counter("b_total", "", ["x", "y"]);
  labelled.add(["1", "2"]);
  labelled.add(["1", "2"], 4);
  labelled.add(["1", ""]);
  expect(labelled.samples()).toEqual([
    { labels: { x: "1", y: "2" }, value: 5 },
    { labels: { x: "1", y: "" }, value: 1 },
  ]);
});

test("a histogram is cumulative, and its bounds are included", () => {
  const spread = new Histogram("c", "", [1, 10], ["x"]);
  for (const value of [0.5, 1, 1.5, 10, 11]) spread.observe(["z"], value);
  expect(spread.samples().map(({ metricName, labels, value }) => [metricName, labels.le, value])).toEqual([
    ["c_bucket", "1", 2],
    ["c_bucket", "10", 4],
    ["c_bucket", "+Inf", 5],
    ["c_sum", undefined, 24],
    ["c_count", undefined, 5],
  ]);
});
