import { describe, expect, test } from "vitest";
import { checkMapping, eventOf, parseMapping } from "./mapping.ts";

const event = (texts: string[], row: Record<string, unknown>) => eventOf(parseMapping(texts), row, "fallback");

describe("a mapping", () => {
  test.each([
    // mapping, row, event
    [
      "tenant_id=t,event=call",
      { t: "acme", a: "1" },
      { tenant_id: "acme", event: "call", idempotency_key: "fallback", properties: { a: 1 } },
    ],
    [
      "tenant_id=t,event=@kind",
      { t: "acme", kind: "call" },
      { tenant_id: "acme", event: "call", idempotency_key: "fallback", properties: {} },
    ],
    [
      "tenant_id='acme',event=call,idempotency_key=id",
      { id: "7" },
      { tenant_id: "acme", event: "call", idempotency_key: "7", properties: {} },
    ],
    [
      "tenant_id=t,event=call,properties.m=a",
      { t: "x", a: "1", b: "2" },
      { tenant_id: "x", event: "call", idempotency_key: "fallback", properties: { m: 1 } },
    ],
    [
      "tenant_id=t,event=call,properties.m=a,properties=*",
      { t: "x", a: "1", b: "2" },
      { tenant_id: "x", event: "call", idempotency_key: "fallback", properties: { m: 1, b: 2 } },
    ],
    [
      "tenant_id=t,event='a,b',properties.r='eu'",
      { t: "x" },
      { tenant_id: "x", event: "a,b", idempotency_key: "fallback", properties: { r: "eu" } },
    ],
    [
      "tenant_id=t,event=call,amount=n",
      { t: "x", n: "1.50" },
      { tenant_id: "x", event: "call", amount: "1.50", idempotency_key: "fallback", properties: {} },
    ],
    ["tenant_id=t,event=call", { t: 42 }, { tenant_id: "42", event: "call", idempotency_key: "fallback", properties: {} }],
  ])("%s", (text, row, expected) => {
    expect(event([text], row)).toEqual({ event: expected });
  });

  test("reads a cell as a number only where nothing is lost", () => {
    const cells = { a: "1", b: "-2.5", c: "007", d: "1.50", e: "12345678901234567890", f: "1e5", g: "", h: "0", i: "-0", j: ".5", k: " 1" };
    expect(event(["tenant_id='t'", "event=e"], cells)).toMatchObject({
      event: { properties: { a: 1, b: -2.5, c: "007", d: "1.50", e: "12345678901234567890", f: "1e5", h: 0, i: "-0", j: ".5", k: " 1" } },
    });
    expect(event(["tenant_id='t',event=e"], cells)).not.toHaveProperty("event.properties.g");
  });

  test("leaves out the notes of a file of rejected rows", () => {
    expect(event(["tenant_id=t,event=e"], { import_line: "3", import_reason: "…", t: "x", a: "b" })).toMatchObject({
      event: { properties: { a: "b" } },
    });
  });

  test("says which column is empty", () => {
    expect(event(["tenant_id=t,event=e,at=ts"], { t: "x", ts: "" })).toEqual({ reason: "at: the column is empty" });
  });

  test.each([
    ["tenant_id", /write field=column/],
    ["tenant_id=", /write field=column/],
    ["customer=t", /--map customer/],
    ["tenant_id=a,tenant_id=b", /names tenant_id twice/],
  ])("%s is refused", (text, words) => {
    expect(() => parseMapping([text])).toThrow(words);
  });

  test("names only columns that are there", () => {
    expect(() => checkMapping(parseMapping(["tenant_id=t,event=call"]), ["t"])).not.toThrow();
    expect(() => checkMapping(parseMapping(["tenant_id=t,event=@call"]), ["t"])).toThrow(/no column call/);
    expect(() => checkMapping(parseMapping(["event=call"]), ["t"])).toThrow(/where tenant_id comes from/);
  });
});
