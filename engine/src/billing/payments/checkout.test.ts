/** Addresses that people are sent back to, and when a gateway is asked again, by cases. */
import { describe, expect, it } from "vitest";
import { checkedUrl, nextAsk, withCheckout } from "./checkout.ts";

describe("where people are sent back", () => {
  it.each([
    ["https://app.example/paid", "https://app.example/paid?checkout_id=co_1"],
    ["https://app.example/paid?a=1#top", "https://app.example/paid?a=1&checkout_id=co_1#top"],
    ["https://app.example/paid?id={CHECKOUT_ID}", "https://app.example/paid?id=co_1"],
    ["https://app.example/{CHECKOUT_SESSION_ID}/{CHECKOUT_ID}", "https://app.example/co_1/co_1"],
  ])("%s", (address, expected) => {
    // Twice: nothing is kept from one to the next.
    expect([withCheckout(address, "co_1"), withCheckout(address, "co_1")]).toEqual([expected, expected]);
  });

  it.each(["javascript:alert(1)", "data:text/html,x", "/paid", "app.example", "ftp://app.example", "https://user:secret@app.example", ""])(
    "%s is refused",
    (address) => {
      expect(() => checkedUrl("success_url", address)).toThrow(/^success_url: must/);
    },
  );
});

it("a gateway is asked after 1, 2, 4, … minutes, at most each hour", () => {
  expect([0, 1, 2, 5, 6, 60].map((asked) => nextAsk(asked, 0) / 60_000)).toEqual([1, 2, 4, 32, 60, 60]);
});
