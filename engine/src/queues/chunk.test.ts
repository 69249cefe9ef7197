import { expect, test } from "vitest";
import { chunk } from "./chunk.ts";

test.each([
  ["nothing", "", 3, 10, []],
  ["one piece", "a bb", 3, 10, ["a bb"]],
  ["so many", "a b c d e f g", 3, 10, ["a b c", "d e f", "g"]],
  ["so large, to the byte", "aaaa bbbb cc d", 9, 10, ["aaaa bbbb cc", "d"]],
  ["one byte more", "aaaa bbbb ccc", 9, 10, ["aaaa bbbb", "ccc"]],
  ["one alone is larger", "a bbbbbbbbbbbb c", 9, 10, ["a", "bbbbbbbbbbbb", "c"]],
])("%s", (_what, list, count, bytes, pieces) => {
  const items = list.split(" ").filter((item) => item !== "");
  expect(chunk(items, { count, bytes }, (item) => item.length).map((piece) => piece.join(" "))).toEqual(pieces);
});
