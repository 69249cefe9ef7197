/** An operator at the desk, in a real browser on a real engine: what there is to see and to do, and how the pages are. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { freePort } from "../../engine/test/engine-process.ts";
import { createWorld, TEST_KEY, type World } from "../../engine/test/world.ts";
import { built } from "./built.ts";
import { launch } from "./chromium.ts";
import { openCustomers } from "./customers.ts";
import { faultsOf } from "./looks.ts";
import { type Visitor, visit } from "./visitor.ts";

const PICTURES = mkdtempSync(join(tmpdir(), "billwright-desk-"));
let world: World;
let browser: Browser;
let origin: string;
let visitor: Visitor;
/** Of an invoice that waits for a bank transfer. */
let open: { id: string; number: string };

beforeAll(async () => {
  await built();
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  const settings = { host: "127.0.0.1", port, publicUrl: origin, rateLimit: 1_000_000, razorpayWebhookSecrets: ["whatever it is"] };
  world = await createWorld({ worker: true, config: settings });
  [browser] = await Promise.all([launch(), openCustomers(world), world.billing.listen()]);
  const item = { description: "Workshop", amount: 125_000, invoice: "own", collection: "send_invoice" };
  const { invoice_id } = await world.must("POST", "/v1/tenants/kestrel/invoice-items", item);
  open = await world.must("GET", `/v1/invoices/${invoice_id}`);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

beforeEach(async () => {
  visitor = await visit(browser, origin);
  const session = { token: TEST_KEY, tenantId: null, role: "platform_admin", returnUrl: null, expiresAt: null };
  await visitor.context.addInitScript(`sessionStorage.setItem("billwright.session", ${JSON.stringify(JSON.stringify(session))})`);
});
afterEach(async ({ task }) => {
  if (task.result?.state === "fail")
    await visitor.page.screenshot({ path: join(PICTURES, `failed-${task.name.slice(0, 40).replaceAll(/\W+/g, "-")}.png`) });
  await visitor.context.close();
  expect(
    visitor.complaints.filter((text) => !/status of (402|404|409|422)|GPU stall|GL Driver|ERR_(ABORTED|NETWORK_CHANGED)/.test(text)),
  ).toEqual([]);
});

const button = (name: string | RegExp) => visitor.page.getByRole("button", { name });
const says = (text: string | RegExp) => visitor.page.getByText(text).first().waitFor();
const head = (name: string) => visitor.page.getByRole("heading", { level: 1, name }).waitFor();

describe("an operator", () => {
  test("signs in with a key, and sees how the business does, each currency by itself", async () => {
    const { page } = visitor;
    const stranger = await visit(browser, origin);
    await stranger.go("/sign-in");
    await stranger.page.getByLabel(/key/i).first().fill(TEST_KEY);
    await stranger.page.keyboard.press("Enter");
    await stranger.page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await stranger.context.close();

    await visitor.go("/desk");
    await head("Overview");
    const { currencies } = await world.must("GET", "/v1/analytics/revenue");
    const usd = currencies.find(({ currency }: { currency: string }) => currency === "usd");
    const shown = (minor: number) => `$${(minor / 100).toLocaleString("en-US", { minimumFractionDigits: 2 })}`;
    await page.getByLabel("Currency").selectOption("usd");
    await says(shown(usd.mrr));
    await page.getByLabel("Currency").selectOption("jpy");
    await says(/¥[\d,]+/);
  });

  test("finds everything about a tenant on one page, and what plan would be cheaper", async () => {
    const { page } = visitor;
    await visitor.go("/desk/tenants");
    await page.getByRole("link", { name: "Kestrel Robotics" }).click();
    await head("Kestrel Robotics");
    await says(open.number);
    await says("Which plan would be cheaper?");
    await button("Link for them").click();
    await says(new RegExp(`${origin}/portal#?`));
  });

  test("sees what a new catalog changes, for whom, before it is applied", async () => {
    const { page } = visitor;
    await visitor.go("/desk/catalog");
    await button("Begin with what is there").click();
    const box = page.getByLabel("The new catalog");
    await expect.poll(() => box.inputValue()).toContain('"starter"');
    await button("What would change?").click();
    await says("That is what is there already.");
    const document = JSON.parse(await box.inputValue());
    const starter = document.plans.find(({ key }: { key: string }) => key === "starter");
    starter.prices.find(({ key }: { key: string }) => key === "base").amount += 100;
    await box.fill(JSON.stringify(document));
    await button("What would change?").click();
    await says(/version 2 for who comes; 2 who are on it stay as bought/);
    expect((await world.must("GET", "/v1/plans/starter")).version).toBe(1);
    await button("Apply it").click();
    await says("The catalog is what you said.");
    expect((await world.must("GET", "/v1/plans/starter")).version).toBe(2);
    await box.fill("{ not json");
    await button("What would change?").click();
    await says("This is no catalog yet");
  });

  test("quotes a plan to the cent, as the engine does", async () => {
    const { page } = visitor;
    await visitor.go("/desk/quote");
    await page.getByLabel("Plan").selectOption("pro_monthly");
    await page.getByLabel("Input").fill("3,500,000");
    const { total } = await world.must("POST", "/v1/quote", {
      plan: "pro_monthly",
      currency: "usd",
      seats: 1,
      quantities: { input: "3500000" },
    });
    await says(`$${(total / 100).toFixed(2)}`);
    await page.getByLabel("Input").fill("many");
    await says("A number of what is used, such as 1250 or 0.5");
  });

  test("puts a bank transfer against an invoice, once", async () => {
    const { page } = visitor;
    await visitor.go("/desk/invoices");
    await button(`Money came for ${open.number}`).click();
    await page.getByLabel("Received on").fill("2026-10-01");
    await page.getByLabel("Reference").fill("UTR 4400");
    await page.getByLabel("Amount in USD").fill("1,000.00");
    await button("Put it against the invoice").click();
    await says(`It is put against ${open.number}.`);
    expect(await world.must("GET", `/v1/invoices/${open.id}`)).toMatchObject({ amount_paid: 100_000, amount_due: 25_000 });
    await page.getByRole("row").filter({ hasText: open.number }).getByText("$250.00").waitFor();
  });

  test("reads a bank statement in, and says which invoice a row is for", async () => {
    const { page } = visitor;
    await visitor.go("/desk/payments");
    const csv = `Date,Description,Reference,Credit,Debit\n01/10/2026,Transfer for ${open.number},REF-77,250.00,\n`;
    await page.getByLabel("Currency of the account").selectOption("usd");
    await page.getByLabel("Read a statement in").setInputFiles({ name: "october.csv", mimeType: "text/csv", buffer: Buffer.from(csv) });
    await says("1 row brought money");
    await button(new RegExp(`^Yes, row \\d+ is for ${open.number}$`)).click();
    await says("accepted");
    expect((await world.must("GET", `/v1/invoices/${open.id}`)).status).toBe("paid");
  });

  test("adds an endpoint, sees its secret once, and what became of a webhook", async () => {
    const { page } = visitor;
    await visitor.go("/desk/webhooks");
    await button("New endpoint").click();
    await page.getByLabel("Address").fill("https://hooks.example.com/billing");
    await page.getByLabel("Events").fill("invoice.*");
    await button("Add it").click();
    await says(/^whsec_/);
    await button("Done").click();
    await page.getByRole("row").filter({ hasText: "hooks.example.com" }).getByText("invoice.*").waitFor();
  });

  test("makes a key and revokes it; the audit log tells of both, with before and after", async () => {
    const { page } = visitor;
    await visitor.go("/desk/keys");
    await button("New key").click();
    await page.getByLabel("Name").fill("Metering in Oslo");
    await button("Make it").click();
    await says(/^bw_test_/);
    await button("Done").click();
    await button("Revoke Metering in Oslo").click();
    await button("Revoke it").click();
    await says("The key is revoked.");
    await page.getByRole("row").filter({ hasText: "Metering in Oslo" }).getByText("revoked").waitFor();
    await visitor.go("/desk/audit");
    await button(/^Before and after/)
      .first()
      .click();
    await page.getByRole("dialog").getByText("revoked_at").waitFor();
  });

  test("moves a clock a month on, and the business lives through it", async () => {
    const { page } = visitor;
    const before = (await world.must("GET", "/v1/tenants/hoshino/invoices")).items.length;
    await visitor.go("/desk/clocks");
    await page.getByLabel(/^Move it to/).press("End");
    await button("A month").click();
    await button("31 days on").click();
    await says(/periods moved on, [1-9]\d* invoices/);
    await says("It is 2 Nov 2026, 09:00 UTC for its tenants");
    expect((await world.must("GET", "/v1/tenants/hoshino/invoices")).items.length).toBeGreaterThan(before);
  });
});

describe("the desk", () => {
  const PAGES = [
    "",
    "/tenants",
    "/tenants/kestrel",
    "/invoices",
    "/payments",
    "/catalog",
    "/quote",
    "/webhooks",
    "/alerts",
    "/jobs",
    "/audit",
    "/keys",
    "/clocks",
  ];

  test("has nothing that axe finds and nothing wider than the screen, in both themes at three widths", { timeout: 120_000 }, async () => {
    const { page } = visitor;
    const faults: string[] = [];
    for (const path of PAGES) {
      await visitor.go(`/desk${path}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.waitForLoadState("networkidle");
      faults.push(...(await faultsOf(page, `desk${path.replaceAll("/", "-")}`, PICTURES)));
    }
    console.log(`Pictures of the desk: ${PICTURES}`);
    expect(faults).toEqual([]);
  });

  test("is not there for a customer", async () => {
    const customer = await visit(browser, origin);
    const session = { token: "bw_sess_nobody", tenantId: "kestrel", role: "owner", returnUrl: null, expiresAt: null };
    await customer.context.addInitScript(`sessionStorage.setItem("billwright.session", ${JSON.stringify(JSON.stringify(session))})`);
    await customer.go("/desk/keys");
    await customer.page.waitForURL(/\/(t\/kestrel|sign-in)/);
    await customer.context.close();
  });
});
