/** The sandbox's checkout page: plain HTML, no scripts, nothing loaded from anywhere. Pure. */
import { formatMinor } from "../../billing/money/currency.ts";
import { TEST_CARDS } from "./cards.ts";
import type { SandboxPage } from "./checkout-store.ts";

export function checkoutPage(page: SandboxPage, failure: string | null): string {
  const amount = page.mode === "payment" ? formatMinor(page.amount, page.currency) : "Nothing is charged on this page";
  const cards = TEST_CARDS.map(
    (card, index) =>
      `<label><input type="radio" name="card" value="${card.token}"${index === 0 ? " checked" : ""}> <code>${card.number.replace(/(.{4})(?=.)/g, "$1 ")}</code> ${card.brand}<small>${html(effectOf(card))}</small></label>`,
  ).join("\n");
  return frame(
    page.description,
    `<p class="test">Sandbox: no money moves here.</p>
<h1>${html(page.description)}</h1>
<p class="amount">${html(amount)}</p>
${failure === null ? "" : `<p class="failure" role="alert">${html(failure)}</p>`}
<form method="post">
<fieldset><legend>Pay with a test card</legend>
${cards}
</fieldset>
<button name="action" value="pay">${page.mode === "payment" ? "Pay" : "Save card and subscribe"}</button>
<button name="action" value="cancel" class="plain">Cancel</button>
</form>`,
  );
}

const OVER = { completed: "This page was paid.", canceled: "This page was canceled.", expired: "The time of this page has run out." };

export function closedPage(page: SandboxPage & { status: keyof typeof OVER }, onward: string): string {
  return frame(
    page.description,
    `<h1>${html(page.description)}</h1>\n<p>${OVER[page.status]}</p>\n<p><a href="${html(onward)}">Go on</a></p>`,
  );
}

/** Only these may act on the page: its own styles, and its form, which leads to one of two addresses. */
export function pagePolicy(page: Pick<SandboxPage, "success_url" | "cancel_url">): string {
  const onward = [page.success_url, page.cancel_url].map((address) => new URL(address).origin);
  return `default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'self' ${[...new Set(onward)].join(" ")}`;
}

function effectOf({ outcome, reason, refusesRefunds }: (typeof TEST_CARDS)[number]): string {
  if (refusesRefunds) return "Pays; refunds fail.";
  if (outcome === "succeeded" || outcome === "requires_action") return "Pays.";
  if (outcome === "unknown") return "Pays, and nobody is told: found when the engine asks.";
  return outcome === "pending" ? "Stays on its way." : (reason ?? "Is declined.");
}

export function frame(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${html(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}

const STYLE = `
body{margin:0;background:#f4f4f2;color:#111;font:15px/1.5 system-ui,"Noto Sans",sans-serif}
main{max-width:480px;margin:32px auto;padding:32px;background:#fff;border-radius:8px}
h1{font-size:20px;margin:0}
.test{margin:0 0 16px;color:#8a5a00}
.amount{font-size:28px;margin:8px 0 24px}
.failure{padding:8px 12px;background:#fdecea;color:#8c1d18;border-radius:4px}
fieldset{border:1px solid #ddd;border-radius:4px;margin:0 0 16px;padding:8px 16px}
label{display:block;padding:6px 0}
small{display:block;margin-left:24px;color:#666}
button{font:inherit;padding:8px 20px;border:1px solid #111;border-radius:4px;background:#111;color:#fff;cursor:pointer}
.plain{background:#fff;color:#111}
`;

export function html(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
