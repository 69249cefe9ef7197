/**
 * The style of an invoice's public page: light, dark, narrow, printed. Greys have a contrast of 4.5 or more on their ground. On a
 * narrow screen a row of the table is two lines, the words with the amount, then quantity × price; the roles in the page keep it a table.
 */
export const STYLE = `
:root{color-scheme:light dark;--page:#f3f3f0;--sheet:#fff;--ink:#16181d;--soft:#5b616c;--rule:#dcdde0;--fill:#f6f7f8;--accent:#1d4ed8;--on:#fff;
--good:#146c36;--good-fill:#e5f5ea;--bad:#a3241b;--bad-fill:#fdecea;--wait:#7a4b00;--wait-fill:#fdf2dc}
@media (prefers-color-scheme:dark){:root{--page:#0f1115;--sheet:#181b21;--ink:#eceef2;--soft:#a6adba;--rule:#333842;--fill:#20242c;--accent:#9db8ff;--on:#10131a;
--good:#8fdcab;--good-fill:#15301f;--bad:#ffb0a8;--bad-fill:#3a1917;--wait:#f3ce86;--wait-fill:#35280f}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Noto Sans Devanagari",sans-serif;
overflow-wrap:anywhere;-webkit-text-size-adjust:100%}
main{max-width:820px;margin:32px auto;padding:40px;background:var(--sheet);border:1px solid var(--rule);border-radius:10px}
header{display:flex;flex-wrap:wrap;justify-content:space-between;align-items:center;gap:8px 24px}
h1{font-size:24px;line-height:1.25;margin:0}
h2{font-size:13px;font-weight:600;color:var(--soft);margin:0 0 4px}
small{display:block;font-size:13px;color:var(--soft)}
.badge{margin:0;padding:2px 12px;border-radius:99px;font-size:13px;font-weight:600;text-transform:capitalize;background:var(--fill);color:var(--soft)}
.badge.open{background:var(--wait-fill);color:var(--wait)}
.badge.paid{background:var(--good-fill);color:var(--good)}
.badge.uncollectible{background:var(--bad-fill);color:var(--bad)}
.standing{display:flex;flex-wrap:wrap;justify-content:space-between;align-items:center;gap:12px 24px;margin:20px 0 28px;padding:16px 20px;background:var(--fill);border-radius:8px}
.standing p{margin:0;color:var(--soft)}
.standing strong{display:block;font-size:24px;line-height:1.3;color:var(--ink)}
.button{padding:9px 16px;border-radius:6px;background:var(--accent);color:var(--on);font-weight:600;text-decoration:none}
.button:hover{text-decoration:underline}
a:focus-visible{outline:3px solid var(--accent);outline-offset:3px}
.parties{display:grid;grid-template-columns:1fr 1fr;gap:24px}
address{font-style:normal}
address>*{display:block}
dl{margin:0}
dd{margin:0}
.facts{display:flex;flex-wrap:wrap;gap:12px 32px;margin:24px 0 28px;padding-top:20px;border-top:1px solid var(--rule)}
.facts dt{font-size:13px;color:var(--soft)}
table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
th{font-size:13px;font-weight:600;color:var(--soft);border-bottom:1px solid var(--ink)}
th,td{padding:10px 0 10px 20px;text-align:right;vertical-align:top}
th:first-child,td:first-child{padding-left:0;text-align:start}
th:not(:first-child),td:not(:first-child){white-space:nowrap}
tbody{border-bottom:1px solid var(--rule);break-inside:avoid}
.step td{padding-top:0;padding-bottom:6px;font-size:13px;color:var(--soft)}
.step td:first-child{padding-left:16px}
.totals{margin:16px 0 0 auto;max-width:380px}
.totals div,.credits div{display:flex;justify-content:space-between;gap:24px;padding:4px 0;font-variant-numeric:tabular-nums}
.totals dd,.credits dd{white-space:nowrap;text-align:right}
.totals .strong{font-weight:700;border-top:1px solid var(--rule);margin-top:4px;padding-top:8px}
.totals .strong:last-child{font-size:18px}
section[aria-labelledby]{margin-top:28px;padding-top:20px;border-top:1px solid var(--rule)}
footer{margin-top:28px;padding-top:12px;border-top:1px solid var(--rule);color:var(--soft)}
@media (max-width:620px){
main{margin:0;padding:24px 16px;border:0;border-radius:0}
h1{font-size:21px}
.parties{grid-template-columns:1fr;gap:16px}
.button{width:100%;text-align:center}
table,tbody{display:block}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tbody{padding:8px 0}
tr{display:grid;grid-template-columns:minmax(0,max-content) minmax(0,1fr) auto;gap:0 6px;padding:2px 0}
td,.step td{padding:0}
td:first-child{grid-row:1;grid-column:1/3;padding-right:10px}
.step td:first-child{padding-left:0}
td:empty{display:none}
.amount{grid-row:1;grid-column:3}
td.quantity,td.unit{grid-row:2;font-size:13px;color:var(--soft);white-space:normal}
td.unit{grid-column:2/4;text-align:start}
.quantity+.unit:not(:empty):before{content:"× "}
.quantity:empty+.unit:before{content:""}
}
@media print{
@page{margin:16mm}
:root{color-scheme:light;--page:#fff;--sheet:#fff;--ink:#000;--soft:#444;--rule:#bbb;--fill:#fff;--good:#000;--good-fill:#fff;--bad:#000;--bad-fill:#fff;--wait:#000;--wait-fill:#fff}
body{font-size:10.5pt}
main{max-width:none;margin:0;padding:0;border:0}
.button{display:none}
.standing,.badge{border:1px solid var(--rule)}
.totals,section,footer{break-inside:avoid}
}
`;
