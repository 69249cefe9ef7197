/** The public page of an invoice: plain HTML, no scripts, nothing loaded from anywhere. Pure. */
import { createHash } from "node:crypto";
import { STYLE } from "./hosted-style.ts";
import type { Paper, PaperRow, PaperStep } from "./paper.ts";

export function hostedPage(paper: Paper, pdfUrl: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${html([paper.title, paper.seller[0]].filter(Boolean).join(" · "))}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<h1>${html(paper.title)}</h1>
<p class="badge ${html(paper.status)}">${html(paper.status)}</p>
</header>
<section class="standing" aria-label="What is due">
<p><strong>${html(paper.standing.headline)}</strong> ${html(paper.standing.detail)}</p>
<a class="button" href="${html(pdfUrl)}">Download as PDF</a>
</section>
<section class="parties" aria-label="Parties">
${party("From", paper.seller)}
${party("Bill to", paper.buyer)}
</section>
<dl class="facts">
${paper.facts.map(([name, value]) => `<div><dt>${html(name)}</dt><dd>${html(value)}</dd></div>`).join("\n")}
</dl>
<table role="table">
<caption>What is billed</caption>
<thead role="rowgroup"><tr role="row">${["Description", "Quantity", "Unit price", "Amount"].map((name) => `<th role="columnheader" scope="col">${name}</th>`).join("")}</tr></thead>
${paper.rows.map(row).join("\n")}
</table>
<section aria-label="Totals">
<dl class="totals">
${paper.totals.map(({ name, value, strong }) => `<div${strong ? ' class="strong"' : ""}><dt>${html(name)}</dt><dd>${html(value)}</dd></div>`).join("\n")}
</dl>
</section>
${transfer(paper)}${credits(paper)}${paper.notes.length === 0 ? "" : `<footer>${paper.notes.map((note) => `<p>${html(note)}</p>`).join("")}</footer>\n`}</main>
</body>
</html>
`;
}

/** Only these may act on the page: its own styles, and no other. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

function party(name: string, [first, ...others]: readonly string[]): string {
  if (first === undefined) return "";
  // Names come in any script, some of which run from right to left.
  const lines = [`<strong dir="auto">${html(first)}</strong>`, ...others.map((line) => `<span dir="auto">${html(line)}</span>`)];
  return `<div><h2>${name}</h2><address>${lines.join("")}</address></div>`;
}

// A body for each line, so that a page break does not part it from what made its amount.
function row({ description, period, quantity, unit, amount, steps }: PaperRow): string {
  return `<tbody role="rowgroup">
<tr role="row"><td role="cell"><span dir="auto">${html(description)}</span><small>${html(period)}</small></td>${numbers({ quantity, unit, amount })}</tr>
${steps.map((step) => `<tr role="row" class="step"><td role="cell" dir="auto">${html(step.what)}</td>${numbers(step)}</tr>`).join("\n")}
</tbody>`;
}

function numbers({ quantity, unit, amount }: Omit<PaperStep, "what">): string {
  const cell = (kind: string, text: string) => `<td role="cell" class="${kind}">${html(text)}</td>`;
  return cell("quantity", quantity) + cell("unit", unit) + cell("amount", amount);
}

function transfer({ transfer }: Paper): string {
  if (transfer.length === 0) return "";
  return `<section class="parties" aria-label="Bank transfer">
${party("Pay by bank transfer", transfer)}
</section>
`;
}

function credits({ credits }: Paper): string {
  if (credits.length === 0) return "";
  const items = credits.map(
    ({ number, day, reason, amount }) =>
      `<div><dt>${html(number)} <small>${html(day)}${reason === "" ? "" : ` · <span dir="auto">${html(reason)}</span>`}</small></dt><dd>${html(amount)}</dd></div>`,
  );
  return `<section aria-labelledby="credits">
<h2 id="credits">Credit notes</h2>
<dl class="credits">
${items.join("\n")}
</dl>
</section>
`;
}

function html(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
