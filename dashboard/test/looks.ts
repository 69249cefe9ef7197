/** How a page is, whoever uses it: what axe finds in both themes, whether anything is wider than the screen, and a picture of each. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Page } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WIDTHS = [360, 820, 1_600] as const;
const THEMES = ["light", "dark"] as const;

interface Violation {
  id: string;
  nodes: { target: string[]; failureSummary?: string }[];
}

/** What is wrong with the page as it stands, in words; pictures of it go to `folder`. */
export async function faultsOf(page: Page, name: string, folder: string, fullPage = true): Promise<string[]> {
  const faults: string[] = [];
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: width === 360 ? 740 : 900 });
      const over = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
      if (over > 0) faults.push(`${name}: ${over} pixels wider than a screen of ${width}`);
      await page.screenshot({ path: join(folder, `${name}-${theme}-${width}.png`), fullPage });
    }
    faults.push(...(await axe(page)).map((fault) => `${name}, ${theme}: ${fault}`));
  }
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  await page.setViewportSize({ width: 1_280, height: 900 });
  return faults;
}

// Evaluated, not put into the page: its policy would rightly refuse the script.
async function axe(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const violations = await page.evaluate<Violation[]>("axe.run({ resultTypes: ['violations'] }).then((found) => found.violations)");
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target.join(" ")}: ${failureSummary}`),
  );
}
