/** Somebody before the pages, in a browser of the tests: signed in by a link as a customer is, and what went wrong meanwhile. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { World } from "../../engine/test/world.ts";

export interface Visitor {
  page: Page;
  context: BrowserContext;
  /** By the way that the pages themselves go. */
  go(path: string): Promise<void>;
  /** What the browser complained about: scripts, refused by policy, answers that failed. */
  complaints: string[];
}

export async function visit(browser: Browser, origin: string): Promise<Visitor> {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 900 }, colorScheme: "light", reducedMotion: "reduce" });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  return { page, context, complaints, go: async (path) => void (await page.goto(`${origin}${path}`)) };
}

/** A link as the customer's application would ask for it, with the address that the test serves on. */
export async function linkFor(world: World, origin: string, tenant: string, more: object = {}): Promise<string> {
  const { url } = await world.must("POST", `/v1/tenants/${tenant}/portal`, more);
  return url.replace(/^https?:\/\/[^/]+/, origin);
}

export async function signIn(world: World, visitor: Visitor, origin: string, tenant: string, more: object = {}): Promise<void> {
  await visitor.page.goto(await linkFor(world, origin, tenant, more));
  await visitor.page.waitForURL(`**/t/${tenant}`);
}
