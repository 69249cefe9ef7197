/** Entitlements as flags, through OpenFeature's own server SDK. */
import { ErrorCode, OpenFeature } from "@openfeature/server-sdk";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Billwright } from "../src/client.ts";
import { BillwrightProvider } from "../src/openfeature.ts";
import { CATALOG, eventually, type ServedEngine, serveEngine } from "./served-engine.ts";

let engine: ServedEngine;
let client: Billwright;

beforeAll(async () => {
  engine = await serveEngine();
  await engine.world.must("PUT", "/v1/catalog", CATALOG);
  await engine.world.must("PUT", "/v1/tenants/acme", { currency: "usd" });
  await engine.world.must("POST", "/v1/tenants/acme/subscription", { plan: "pro" });
  client = engine.client({ entitlements: { streams: 0, retries: 0, timeout: 5_000 } });
  await OpenFeature.setProviderAndWait(new BillwrightProvider(client));
});
afterEach(() => engine.proxy.fault(null));
afterAll(async () => {
  await OpenFeature.close();
  await engine.close();
});

const flags = () => OpenFeature.getClient();
const acme = { targetingKey: "acme" };

test("features are flags of their own types", async () => {
  expect(await flags().getBooleanDetails("chat", false, acme)).toMatchObject({
    value: true,
    reason: "TARGETING_MATCH",
    flagMetadata: { reason: "granted", source: "engine" },
  });
  expect(await flags().getBooleanDetails("sso", true, acme)).toMatchObject({
    value: false,
    reason: "CACHED",
    flagMetadata: { reason: "not_in_plan" },
  });
  expect(await flags().getBooleanDetails("reports", false, acme)).toMatchObject({
    value: true,
    flagMetadata: { limit: 3, used: 0, remaining: 3 },
  });
  expect(await flags().getStringValue("support_level", "none", acme)).toBe("priority");
  expect(await flags().getObjectValue("theme", {}, acme)).toEqual({ color: "green" });
});

test("what cannot be answered has OpenFeature's code, and the default", async () => {
  expect(await flags().getNumberDetails("support_level", 7, acme)).toMatchObject({ value: 7, errorCode: ErrorCode.TYPE_MISMATCH });
  expect(await flags().getStringDetails("chat", "x", acme)).toMatchObject({ value: "x", errorCode: ErrorCode.TYPE_MISMATCH });
  expect(await flags().getBooleanDetails("no_such", true, acme)).toMatchObject({ value: true, errorCode: ErrorCode.FLAG_NOT_FOUND });
  expect(await flags().getBooleanDetails("chat", false, {})).toMatchObject({ errorCode: ErrorCode.TARGETING_KEY_MISSING });
  expect(await flags().getBooleanDetails("chat", false, { targetingKey: "nobody" })).toMatchObject({
    errorCode: ErrorCode.INVALID_CONTEXT,
  });
});

test("in an outage what was known stands, and says that it is old", async () => {
  const forgetful = engine.client({ entitlements: { streams: 0, retries: 0, maxAge: 0 } });
  await OpenFeature.setProviderAndWait("forgetful", new BillwrightProvider(forgetful));
  const theirs = OpenFeature.getClient("forgetful");
  await theirs.getBooleanValue("chat", false, acme);
  engine.proxy.fault("away");
  expect(await theirs.getBooleanDetails("chat", false, acme)).toMatchObject({
    value: true,
    reason: "STALE",
    flagMetadata: { source: "policy" },
  });
});

test("a tracked event is usage", async () => {
  flags().track("llm_chat", acme, { value: 3, model: "small" });
  await eventually(async () => {
    const { items } = await client.usage.events("acme", { event: "llm_chat" });
    expect(items).toMatchObject([{ amount: 3, properties: { model: "small" } }]);
  });
});
