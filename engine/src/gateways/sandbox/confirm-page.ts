/** The sandbox's page on which a person confirms a payment, as they would on their bank's: plain HTML, no scripts, nothing loaded. Pure. */
import { formatMinor } from "../../billing/money/currency.ts";
import type { Remembered } from "./charges.ts";
import { frame, html } from "./checkout-page.ts";

export function confirmPage({ amount, currency }: Remembered): string {
  return frame(
    "Confirm a payment",
    `<p class="test">Sandbox: no money moves here.</p>
<h1>Your bank asks you to confirm this payment</h1>
<p class="amount">${html(formatMinor(BigInt(amount), currency))}</p>
<form method="post">
<button name="action" value="confirm">Confirm</button>
<button name="action" value="refuse" class="plain">Refuse</button>
</form>`,
  );
}

export function confirmedPage(words: string): string {
  return frame("Confirm a payment", `<h1>${html(words)}</h1>\n<p>You can close this page.</p>`);
}

/** Only these may act on the page: its own styles and its form. */
export const CONFIRM_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
