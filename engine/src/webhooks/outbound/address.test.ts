/** Which addresses may be reached, in all the forms in which one may be written. */
import { describe, expect, test } from "vitest";
import { readConfig } from "../../config.ts";
import { checkUrl, literalAddress, mayReach } from "./address.ts";

const LOOPBACK = ["127.0.0.0/8", "::1/128"];

test.each([
  "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.1", "198.18.0.1",
  "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::127.0.0.1", "::ffff:0:7f00:1", "64:ff9b::a9fe:a9fe",
  "2002:7f00:1::", "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2001:db8::1", "", "localhost", "127.0.0.1.",
])("%s is not reached", (address) => expect(mayReach(address, [])).toBe(false)); // biome-ignore format: read as a list

test.each(["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])("%s is reached", (address) => expect(mayReach(address, [])).toBe(true));

test("what the settings name is reached beside them, and nothing more", () => {
  for (const address of ["127.0.0.1", "::1", "::ffff:127.0.0.1"]) expect(mayReach(address, LOOPBACK), address).toBe(true);
  for (const address of ["10.0.0.1", "::", "169.254.169.254"]) expect(mayReach(address, LOOPBACK), address).toBe(false);
  expect(mayReach("169.254.169.254", ["0.0.0.0/0", "::/0"])).toBe(true);
});

test.each([
  ["[::1]", "::1"],
  ["127.0.0.1", "127.0.0.1"],
  ["example.com", null],
])("the host %s is the address %s", (host, address) => expect(literalAddress(host)).toBe(address));

describe("the address of an endpoint", () => {
  const live = readConfig({ BILLWRIGHT_MODE: "live" });
  test.each([
    "https://127.0.0.1/x", "https://2130706433/", "https://0x7f000001/", "https://0x7f.1/", "https://017700000001/", "https://127.1/", "https://0/",
    "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:a9fe:a9fe]/", "https://169.254.169.254/latest/meta-data", "https://①②⑦.⓪.⓪.①/",
    "http://example.com/", "ftp://example.com/", "https://", "example.com", "https://user:pass@example.com/", "javascript:alert(1)",
    `https://example.com/${"x".repeat(2_100)}`,
  ])("%s is refused in live mode", (url) => expect(() => checkUrl(url, live)).toThrow("url")); // biome-ignore format: read as a list

  test("is kept as it will be called", () => {
    expect(checkUrl("https://Example.com:443/Hooks?a=1#part", live)).toBe("https://example.com/Hooks?a=1");
    expect(checkUrl("http://127.0.0.1:9000/", readConfig({}))).toBe("http://127.0.0.1:9000/");
    expect(() => checkUrl("http://127.0.0.1:9000/", readConfig({ HOST: "0.0.0.0" }))).toThrow("not a public address");
    expect(() => checkUrl("http://169.254.169.254/", readConfig({}))).toThrow("not a public address");
    expect(checkUrl("http://10.1.2.3/", readConfig({ BILLWRIGHT_MODE: "live", WEBHOOKS_ALLOW_PRIVATE: "10.0.0.0/8" }))).toBe(
      "http://10.1.2.3/",
    );
  });
});
