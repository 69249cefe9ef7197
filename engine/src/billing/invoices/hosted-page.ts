/** The public page of an invoice: plain HTML, no scripts, nothing loaded from anywhere. Pure. */
import type { Paper } from "./paper.ts";

export function hostedPage(paper: Paper, pdfUrl: string): string {
  const lines = (texts: readonly string[]) => texts.map(html).join("<br>");
  const facts = paper.facts.map(([name, value]) => `<dt>${html(name)}</dt><dd>${html(value)}</dd>`).join("");
  const rows = paper.rows
    .map(
      (row) =>
        `<tr><td>${html(row.description)}<small>${html(row.period)}</small></td><td>${html(row.quantity)}</td><td>${html(row.unit)}</td><td>${html(row.amount)}</td></tr>`,
    )
    .join("\n");
  const totals = paper.totals
    .map(
      ({ name, value, strong }) => `<tr${strong ? ' class="strong"' : ""}><td colspan="3">${html(name)}</td><td>${html(value)}</td></tr>`,
    )
    .join("\n");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${html(paper.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header><h1>${html(paper.title)}</h1><p class="status">${html(paper.status)}</p></header>
<section><p><small>From</small>${lines(paper.seller)}</p><p><small>Bill to</small>${lines(paper.buyer)}</p></section>
<dl>${facts}</dl>
<table>
<thead><tr><th>Description</th><th>Quantity</th><th>Unit price</th><th>Amount</th></tr></thead>
<tbody>
${rows}
</tbody>
<tfoot>
${totals}
</tfoot>
</table>
${paper.notes.map((note) => `<p>${html(note)}</p>`).join("\n")}
<p><a href="${html(pdfUrl)}">Download as PDF</a></p>
</main>
</body>
</html>
`;
}

/** Only these may act on the page: its own styles. */
export const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const STYLE = `
body{margin:0;background:#f4f4f2;color:#111;font:15px/1.5 system-ui,"Noto Sans",sans-serif}
main{max-width:760px;margin:32px auto;padding:32px;background:#fff;border-radius:8px}
header,section{display:flex;justify-content:space-between;gap:24px}
section p{flex:1}
h1{font-size:22px;margin:0}
small{display:block;color:#666}
.status{text-transform:uppercase;color:#666;margin:4px 0}
dl{display:grid;grid-template-columns:auto 1fr;gap:0 16px}
dt{color:#666}
dd{margin:0}
table{width:100%;border-collapse:collapse;margin:24px 0}
th,td{text-align:right;padding:8px 0 8px 12px;border-bottom:1px solid #eee;vertical-align:top;overflow-wrap:anywhere}
th:first-child,tbody td:first-child{text-align:left;padding-left:0}
.strong{font-weight:700}
`;

function html(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
