/** A customer before its billing page, in a real browser on a real engine: what it comes for, and how the pages are. */
import { mkdtempSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { freePort } from "../../engine/test/engine-process.ts";
import { createWorld, type World } from "../../engine/test/world.ts";
import { built } from "./built.ts";
import { launch } from "./chromium.ts";
import { openCustomers } from "./customers.ts";
import { faultsOf } from "./looks.ts";
import { linkFor, signIn, type Visitor, visit } from "./visitor.ts";

const PICTURES = mkdtempSync(join(tmpdir(), "billwright-pages-"));
let world: World;
let browser: Browser;
let origin: string;
let visitor: Visitor;

beforeAll(async () => {
  await built();
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  world = await createWorld({ worker: true, config: { host: "127.0.0.1", port, publicUrl: origin, rateLimit: 1_000_000 } });
  [browser] = await Promise.all([launch(), openCustomers(world), world.billing.listen()]);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

beforeEach(async () => {
  visitor = await visit(browser, origin);
});
afterEach(async ({ task }) => {
  if (task.result?.state === "fail")
    await visitor.page.screenshot({ path: join(PICTURES, `failed-${task.name.slice(0, 40).replaceAll(/\W+/g, "-")}.png`) });
  await visitor.context.close();
  expect(visitor.complaints.filter((text) => !isOfTheMachine(text))).toEqual([]);
});

/** What a browser says about a refusal that the page itself told, or about the drawing of a machine without a screen. */
function isOfTheMachine(text: string): boolean {
  return /the server responded with a status of (401|402|409|422)|GPU stall|GL Driver|ERR_(ABORTED|NETWORK_CHANGED)/.test(text);
}

const at = (tenant: string, path = "") => `/t/${tenant}${path}`;
const button = (name: string | RegExp) => visitor.page.getByRole("button", { name });
const says = (text: string | RegExp) => visitor.page.getByText(text).first().waitFor();
const api = (method: "GET" | "POST" | "PUT", path: string, body?: unknown) => world.must(method, `/v1${path}`, body);

describe("a customer", () => {
  test("comes in by a link, once, reads what happens next, and stays in where it goes", async () => {
    const { page } = visitor;
    const link = await linkFor(world, origin, "kestrel", { return_url: "https://app.example.com/settings" });
    await page.goto(link);
    await page.waitForURL(`**${at("kestrel")}`);
    await page.getByRole("heading", { level: 1, name: "Pro" }).waitFor();
    await says(/Renews on 1 Nov 2026, in 30 days, with \$[\d.]+ to pay as things stand\./);
    expect(await page.getByRole("link", { name: "Back to app.example.com" }).getAttribute("href")).toBe("https://app.example.com/settings");
    expect(page.url()).not.toContain("token");

    await visitor.go(at("kestrel", "/usage"));
    await page.getByRole("heading", { level: 1, name: "Usage" }).waitFor();
    const again = await visit(browser, origin);
    await again.page.goto(link);
    await again.page.getByText("This link does not open anything any more").waitFor();
    await again.context.close();

    await button("Sign out").click();
    await says("You are signed out.");
    await visitor.go(at("kestrel"));
    await page.waitForURL("**/sign-in");
  });

  test("sees the exact price of more seats, pays it, and finds it on the invoice", async () => {
    const { page } = visitor;
    await signIn(world, visitor, origin, "kestrel");
    await visitor.go(at("kestrel", "/plan"));
    for (let seat = 9; seat < 12; seat++) await button("One more").click();
    await button("See what it costs").click();
    const pay = button(/^Change and pay \$[\d.]+$/);
    const amount = (await pay.textContent())!.replace("Change and pay $", "");
    await pay.click();
    await says("Changed.");
    await says(/You have 12\./);
    await page.getByRole("link", { name: "Invoices", exact: true }).click();
    const [invoice] = (await api("GET", "/tenants/kestrel/invoices")).items;
    expect((invoice.total / 100).toFixed(2)).toBe(amount);
    await page.getByRole("row").filter({ hasText: invoice.number }).getByText("Paid").waitFor();
  });

  test("arranges a smaller plan for the period's end, and takes that back", async () => {
    await signIn(world, visitor, origin, "kestrel");
    await visitor.go(at("kestrel", "/plan"));
    await button("Choose Starter").click();
    await button("Arrange it").click();
    await says("Changes to Starter");
    expect((await api("GET", "/tenants/kestrel/subscription")).scheduled_change).toMatchObject({ plan: "starter" });
    await button("Keep it as it is").click();
    await says(/Renews on 1 Nov 2026/);
    expect((await api("GET", "/tenants/kestrel/subscription")).scheduled_change).toBeNull();
  });

  test("cancels, reads what that means, and lets it go on: all by the keyboard", async () => {
    const { page } = visitor;
    await signIn(world, visitor, origin, "hoshino");
    await visitor.go(at("hoshino", "/plan"));
    await page.getByRole("heading", { level: 1, name: "Pro" }).waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("To the content");
    const cancel = button("Cancel the subscription");
    await cancel.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Cancel Pro" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await expect.poll(() => page.evaluate("document.activeElement.textContent")).toBe("Cancel the subscription");

    await page.keyboard.press("Enter");
    await button("Cancel it").focus();
    await page.keyboard.press("Enter");
    await says(/Ends on 1 Nov 2026, in 30 days\. Until then all stays as it is/);
    await button("Let it go on").focus();
    await page.keyboard.press("Enter");
    await says(/Renews on 1 Nov 2026, in 30 days, with ¥[\d,]+ to pay/);
    expect((await api("GET", "/tenants/hoshino/subscription")).cancel_at).toBeNull();
  });

  test("whose payment failed is told until when all works, adds a card that pays, and pays", async () => {
    const { page } = visitor;
    await signIn(world, visitor, origin, "tidepool");
    await says(/The payment of \$[\d.]+ failed\. Everything works until 4 Oct 2026, in 2 days/);
    await page.getByRole("link", { name: "Payment" }).click();
    await says("The card has not enough money.");
    await button("Add one").click();
    await button("Add it").click();
    // The new one is the default at once.
    await button("Make default: Visa ending in 9995").waitFor();
    await button("Remove Visa ending in 9995").click();
    await button("Remove it").click();
    await says("Visa ending in 9995 was removed.");
    await page.getByRole("link", { name: "Overview" }).click();
    await button(/^Pay \$/).click();
    await says(/will be taken from/);
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /^Pay \$/ })
      .click();
    await says(/Renews on 1 Nov 2026/);
    expect((await api("GET", "/tenants/tidepool/subscription")).status).toBe("active");
  });

  test("buys credits with the card that is there, and on the payment page", async () => {
    const { page } = visitor;
    await signIn(world, visitor, origin, "kestrel");
    await visitor.go(at("kestrel", "/credits"));
    const before = (await api("GET", "/tenants/kestrel/credits")).available;
    await button("Buy 10,000 credits").click();
    await page.getByRole("dialog").getByRole("button", { name: "Pay $49.00" }).click();
    await says("Bought.");
    await page
      .getByText((before + 10_000).toLocaleString("en"), { exact: true })
      .first()
      .waitFor();

    await button("Buy 10,000 credits").click();
    await page.getByText("On the payment page").click();
    await button("To the payment page").click();
    await page.waitForURL("**/sandbox/checkout/**");
    await page.getByRole("button", { name: /pay/i }).first().click();
    await page.waitForURL(`**${at("kestrel", "/credits")}*`);
    await says("Paid. The credits are here.");
    await page
      .getByText((before + 20_000).toLocaleString("en"), { exact: true })
      .first()
      .waitFor();
  });

  test("opens a line of an invoice down to its steps and events, and takes the PDF along", async () => {
    const { page } = visitor;
    await signIn(world, visitor, origin, "kestrel");
    await page.getByRole("link", { name: "Invoices", exact: true }).click();
    const { items } = await api("GET", "/tenants/kestrel/invoices");
    const invoice = items.find(({ reason }: { reason: string }) => reason === "period");
    await page.getByRole("link", { name: invoice.number }).click();
    await page.getByRole("button", { name: /^Input tokens/ }).click();
    await says("The first 2,000,000");
    await says(/Exactly \$[\d.]+, rounded once\./);
    await button("The events behind it").click();
    await page.getByRole("cell", { name: "kestrel 28 0" }).waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), button("PDF").click()]);
    expect(download.suggestedFilename()).toBe(`${invoice.number}.pdf`);
    expect((await readFile(await download.path())).subarray(0, 5).toString()).toBe("%PDF-");
  });

  test("sees what happens while it looks", async () => {
    const { page } = visitor;
    await signIn(world, visitor, origin, "hoshino");
    await visitor.go(at("hoshino", "/activity"));
    await says("Live");
    await api("POST", "/tenants/hoshino/credits/grants", { amount: 777, source: "promotion" });
    await says(/777 credits were granted/);
    const monthly = { source: "promotion", amount: 250, interval: "month", starts_at: "2099-01-31T00:00:00Z" };
    await api("PUT", "/tenants/hoshino/credits/top-up-rules/monthly", monthly);
    await page.getByRole("link", { name: "Credits" }).click();
    await says((await api("GET", "/tenants/hoshino/credits")).available.toLocaleString("en"));
    await says("250 every month");
  });

  test("without a plan chooses one on the payment page, and pauses and resumes it", async () => {
    const { page } = visitor;
    await signIn(world, visitor, origin, "oldmill");
    await says("You have this without a subscription, free of charge.");
    const { sentence } = await api("GET", "/tenants/oldmill/entitlements/fine_tuning/explain");
    await says(sentence);
    await page.getByRole("link", { name: "Choose a plan" }).click();
    await button("Choose Starter").click();
    await says("€27.00");
    await button("To the payment page").click();
    await page.waitForURL("**/sandbox/checkout/**");
    await page
      .getByRole("button", { name: /pay|save|continue/i })
      .first()
      .click();
    await page.waitForURL(`**${at("oldmill")}*`);
    await page.getByRole("heading", { level: 1, name: "Starter" }).waitFor();
    await says("Active");
    await page.getByRole("link", { name: "Plan", exact: true }).click();
    await button("Pause").click();
    await button("Pause it").click();
    await says("Paused: nothing is charged, and nothing can be used.");
    await button("Resume").click();
    await says(/Renews on/);
  });

  test("who may only read is offered nothing to change", async () => {
    const { page } = visitor;
    await signIn(world, visitor, origin, "fernhill", { role: "viewer" });
    await says(/Your trial ends on 9 Oct 2026, in 7 days\..*Add a payment method before/);
    expect(await page.getByRole("link", { name: /Change plan/ }).count()).toBe(0);
    await visitor.go(at("fernhill", "/plan"));
    await page.getByRole("heading", { name: "Pro", exact: true }).waitFor();
    expect(await page.getByRole("button", { name: /Choose|Pause|Cancel/, disabled: false }).count()).toBe(0);
    // Another tenant's page is not there for it.
    await visitor.go(at("kestrel"));
    await page.getByRole("alert").getByText('There is no tenant "kestrel".').waitFor();
    visitor.complaints.length = 0;
  });
});

describe("the pages", () => {
  const PAGES = ["", "/plan", "/usage", "/credits", "/invoices", "/payment", "/activity"];

  test("have nothing that axe finds and nothing wider than the screen, in both themes at three widths", { timeout: 90_000 }, async () => {
    const { page } = visitor;
    await signIn(world, visitor, origin, "kestrel");
    const faults: string[] = [];
    for (const path of PAGES) {
      await visitor.go(at("kestrel", path));
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.getByRole("status", { name: "Loading" }).first().waitFor({ state: "detached" });
      faults.push(...(await faultsOf(page, path.slice(1) || "overview", PICTURES)));
    }
    console.log(`Pictures of the pages: ${PICTURES}`);
    expect(faults).toEqual([]);
  });

  test("their dialogs and a line that is open have nothing that axe finds either", { timeout: 60_000 }, async () => {
    const { page } = visitor;
    await signIn(world, visitor, origin, "kestrel");
    await visitor.go(at("kestrel", "/plan"));
    await button("Choose Scale").click();
    await page.getByText("To pay now, before taxes and balance").waitFor();
    const faults = await faultsOf(page, "change-plan", PICTURES, false);
    await visitor.go(at("kestrel", "/invoices/upcoming"));
    await page
      .getByRole("button", { name: /^Input tokens/ })
      .first()
      .click();
    faults.push(...(await faultsOf(page, "invoice", PICTURES)));
    await page.goto(`${origin}/nothing-here`);
    await says("Nothing is here");
    faults.push(...(await faultsOf(page, "nothing", PICTURES)));
    await page.evaluate("sessionStorage.clear()");
    await visitor.go("/");
    await page.getByRole("heading", { name: "Operators" }).waitFor();
    faults.push(...(await faultsOf(page, "sign-in", PICTURES)));
    expect(faults).toEqual([]);
  });

  test("the first of them is small, comes compressed, is kept for ever, and is there soon on a slow line", {
    timeout: 60_000,
  }, async () => {
    const { page, context } = visitor;
    const cdp = await context.newCDPSession(page);
    await cdp.send("Network.enable");
    // As Lighthouse: 1.6 Mbit/s down, 150 ms to and fro.
    await cdp.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 150,
      downloadThroughput: 200_000,
      uploadThroughput: 93_750,
    });
    await page.goto(await linkFor(world, origin, "kestrel"));
    await page.getByRole("heading", { level: 1, name: "Pro" }).waitFor();
    const shown = await page.evaluate<number>("Math.round(performance.now())");
    const painted = await page.evaluate<number>("Math.round(performance.getEntriesByName('first-contentful-paint')[0].startTime)");
    const loaded = await page.evaluate<{ name: string; size: number }[]>(
      "performance.getEntriesByType('resource').map(({ name, encodedBodySize }) => ({ name: new URL(name).pathname, size: encodedBodySize }))",
    );
    const sum = (form: RegExp) => loaded.filter(({ name }) => form.test(name)).reduce((total, { size }) => total + size, 0);
    console.log(
      `First page: ${sum(/\.js$/)} bytes of scripts, ${sum(/\.css$/)} of styles; painted after ${painted} ms, there after ${shown} ms`,
    );
    expect(sum(/\.js$/)).toBeLessThan(130_000);
    expect(sum(/\.css$/)).toBeLessThan(10_000);
    expect(loaded.some(({ name }) => name.includes("chart"))).toBe(false);
    expect(painted).toBeLessThan(8_000);
    expect(shown).toBeLessThan(15_000);

    const script = loaded.find(({ name }) => /\/index-[\w-]+\.js$/.test(name))!.name;
    const kept = await world.call("GET", script, undefined, { "accept-encoding": "gzip, br" });
    expect(kept.headers).toMatchObject({ "content-encoding": "br", "cache-control": "public, max-age=31536000, immutable" });
    expect((await world.call("GET", script, undefined, { "if-none-match": String(kept.headers.etag) })).status).toBe(304);
  });

  test("are answered where a page is asked for, and nowhere else", async () => {
    const html = { accept: "text/html,*/*" };
    const page = await world.call("GET", "/t/anybody/plan", undefined, html);
    expect(page.status).toBe(200);
    expect(page.headers["content-security-policy"]).toMatch(
      /default-src 'none'; script-src 'self'; style-src 'self';.* frame-ancestors 'none'/,
    );
    expect(page.headers["cache-control"]).toBe("no-cache");
    expect((await world.call("GET", "/", undefined, { "if-none-match": String(page.headers.etag) })).status).toBe(304);
    for (const path of ["/v1/nothing", "/assets/nothing.js", "/healthy?"]) {
      const answer = await world.call("GET", path, undefined, path === "/healthy?" ? {} : html);
      expect([path, answer.status, answer.body.code]).toEqual([path, 404, "not_found"]);
    }
    expect((await world.call("POST", "/t/anybody/plan", {}, html)).status).toBe(404);
    expect((await world.call("GET", "/docs/", undefined, html)).text).toContain("swagger");
    const files = await world.call("GET", "/../package.json", undefined, html);
    expect(files.text).not.toContain("workspaces");
  });
});
