/** An invoice as a PDF, on A4 or Letter, its table over as many pages as it takes. */
import PDFDocument from "pdfkit";
import type { Instant } from "../time/instant.ts";
import type { Paper } from "./paper.ts";
import { openPen, type Pen } from "./pdf-text.ts";

export type PaperSize = "a4" | "letter";

const MARGIN = 48;
const SMALL = 9;
const LEADING = 13;
const GREY = "#666666";

/** `make` gets to know what the fonts can print; `at` is written into the file, so that the same invoice is the same bytes. */
export function printPdf(make: (printable: (text: string) => boolean) => Paper, size: PaperSize, at: Instant): Promise<Buffer> {
  const doc = new PDFDocument({
    size: size === "a4" ? "A4" : "LETTER",
    margin: MARGIN,
    bufferPages: true,
    info: { Producer: "Billwright", Creator: "Billwright", CreationDate: new Date(at) },
  });
  const chunks: Buffer[] = [];
  const done = new Promise<Buffer>((resolve, reject) => {
    doc.on("data", (chunk: Buffer) => chunks.push(chunk));
    doc.on("end", () => resolve(Buffer.concat(chunks)));
    doc.on("error", reject);
  });
  const pen = openPen(doc);
  const paper = make(pen.covers);
  doc.info.Title = paper.title;
  draw(doc, pen, paper);
  doc.end();
  return done;
}

type Doc = InstanceType<typeof PDFDocument>;

function draw(doc: Doc, pen: Pen, paper: Paper): void {
  const left = MARGIN;
  const right = doc.page.width - MARGIN;
  const bottom = doc.page.height - MARGIN - 2 * LEADING;
  const half = (right - left) / 2 - 12;
  pen.line(paper.title, left, MARGIN, 18, { weight: 700 });
  pen.line(paper.status.toUpperCase(), right, MARGIN + 6, SMALL, { weight: 700, right: true, color: GREY });
  let y = MARGIN + 40;
  const from = block(pen, "From", paper.seller, left, y, half);
  const to = block(pen, "Bill to", paper.buyer, left + half + 24, y, half);
  y = Math.max(from, to) + LEADING;
  for (const [name, value] of paper.facts) {
    pen.line(name, left, y, SMALL, { color: GREY });
    pen.line(value, left + 96, y, SMALL);
    y += LEADING;
  }
  y = head(doc, pen, left, right, y + LEADING);
  const columns = columnsOf(left, right);
  const next = (height: number): void => {
    if (y + height <= bottom) return;
    doc.addPage();
    y = head(doc, pen, left, right, MARGIN);
  };
  for (const row of paper.rows) {
    const words = pen.wrap(row.description, columns.quantity - 70 - left, SMALL);
    next((words.length + 1) * LEADING);
    pen.line(row.quantity, columns.quantity, y, SMALL, { right: true });
    pen.line(row.unit, columns.unit, y, SMALL, { right: true });
    pen.line(row.amount, right, y, SMALL, { right: true });
    for (const [index, line] of words.entries()) {
      // A description longer than a page goes on over the next.
      if (index > 0) next(LEADING);
      pen.line(line, left, y, SMALL);
      y += LEADING;
    }
    pen.line(row.period, left, y, SMALL - 1, { color: GREY });
    y += LEADING + 5;
  }
  const height = (paper.totals.length + paper.transfer.length + paper.notes.length + 3) * (LEADING + 2);
  if (y + height > bottom) {
    doc.addPage();
    y = MARGIN;
  }
  rule(doc, columns.unit - 90, right, y);
  y += 8;
  for (const { name, value, strong } of paper.totals) {
    pen.line(name, columns.unit - 90, y, SMALL, { weight: strong ? 700 : 400 });
    pen.line(value, right, y, SMALL, { weight: strong ? 700 : 400, right: true });
    y += LEADING + 2;
  }
  y += LEADING;
  if (paper.transfer.length > 0) y = block(pen, "Pay by bank transfer", paper.transfer, left, y, right - left) + LEADING;
  for (const note of paper.notes.flatMap((text) => pen.wrap(text, right - left, SMALL))) {
    pen.line(note, left, y, SMALL);
    y += LEADING;
  }
  number(doc, pen, paper.title, left, right);
}

function columnsOf(left: number, right: number) {
  return { quantity: left + ((right - left) * 62) / 100, unit: left + ((right - left) * 82) / 100 };
}

function block(pen: Pen, name: string, lines: readonly string[], x: number, top: number, width: number): number {
  pen.line(name, x, top, SMALL, { color: GREY });
  let y = top + LEADING;
  for (const [index, text] of lines.entries()) {
    const weight = index === 0 ? 700 : 400;
    for (const line of pen.wrap(text, width, SMALL, weight)) {
      pen.line(line, x, y, SMALL, { weight });
      y += LEADING;
    }
  }
  return y;
}

function head(doc: Doc, pen: Pen, left: number, right: number, y: number): number {
  const columns = columnsOf(left, right);
  pen.line("Description", left, y, SMALL, { weight: 700 });
  pen.line("Quantity", columns.quantity, y, SMALL, { weight: 700, right: true });
  pen.line("Unit price", columns.unit, y, SMALL, { weight: 700, right: true });
  pen.line("Amount", right, y, SMALL, { weight: 700, right: true });
  rule(doc, left, right, y + LEADING + 2);
  return y + LEADING + 8;
}

function rule(doc: Doc, from: number, to: number, y: number): void {
  doc.moveTo(from, y).lineTo(to, y).lineWidth(1).strokeColor("#cccccc").stroke();
}

function number(doc: Doc, pen: Pen, title: string, left: number, right: number): void {
  const { start, count } = doc.bufferedPageRange();
  for (let page = start; page < start + count; page++) {
    doc.switchToPage(page);
    // Below the margin pdfkit would begin a new page by itself.
    doc.page.margins.bottom = 0;
    const y = doc.page.height - MARGIN;
    pen.line(title, left, y, SMALL - 1, { color: GREY });
    pen.line(`${page - start + 1} / ${count}`, right, y, SMALL - 1, { right: true, color: GREY });
  }
}
