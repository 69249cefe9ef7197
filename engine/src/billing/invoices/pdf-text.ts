/**
 * Text in a PDF: Latin, its extensions (₹ is one) and Devanagari come in fonts of their own, so a text is set in runs, each in the
 * first font that has its characters.
 */
import { fileURLToPath } from "node:url";
import type PDFDocument from "pdfkit";

type Doc = InstanceType<typeof PDFDocument>;

const SCRIPTS = ["latin", "latin-ext", "devanagari"] as const;
type Script = (typeof SCRIPTS)[number];
export type Weight = 400 | 700;

const FILES: Record<Script, string> = {
  latin: "@fontsource/noto-sans/files/noto-sans-latin",
  "latin-ext": "@fontsource/noto-sans/files/noto-sans-latin-ext",
  devanagari: "@fontsource/noto-sans-devanagari/files/noto-sans-devanagari-devanagari",
};

export interface Run {
  script: Script;
  text: string;
}

/** The runs of a text. A character that no font has is printed as a question mark. */
export function runsOf(text: string, covers: (script: Script, codePoint: number) => boolean): Run[] {
  const runs: Run[] = [];
  for (const character of text.normalize("NFC")) {
    const code = character.codePointAt(0)!;
    const last = runs.at(-1);
    const script = last && covers(last.script, code) ? last.script : SCRIPTS.find((one) => covers(one, code));
    if (last && (script === undefined || script === last.script)) last.text += script === undefined ? "?" : character;
    else runs.push({ script: script ?? "latin", text: script === undefined ? "?" : character });
  }
  return runs;
}

export interface Pen {
  covers(text: string): boolean;
  width(text: string, size: number, weight?: Weight): number;
  /** One line, from `x`, or ending there. */
  line(text: string, x: number, y: number, size: number, options?: { weight?: Weight; right?: boolean; color?: string }): void;
  /** The lines that a text takes in a width; words longer than it are cut. */
  wrap(text: string, width: number, size: number, weight?: Weight): string[];
}

export function openPen(doc: Doc): Pen {
  for (const script of SCRIPTS) {
    for (const weight of [400, 700]) {
      doc.registerFont(`${script} ${weight}`, fileURLToPath(import.meta.resolve(`${FILES[script]}-${weight}-normal.woff`)));
    }
  }
  const known = new Map<string, boolean>();
  const has = (script: Script, code: number): boolean => {
    const name = `${script} ${code}`;
    let found = known.get(name);
    if (found === undefined) {
      doc.font(`${script} 400`);
      found = (doc as unknown as { _font: { font: { hasGlyphForCodePoint(code: number): boolean } } })._font.font.hasGlyphForCodePoint(
        code,
      );
      known.set(name, found);
    }
    return found;
  };
  const runWidth = (run: Run, size: number, weight: Weight) => doc.font(`${run.script} ${weight}`).fontSize(size).widthOfString(run.text);
  const width: Pen["width"] = (text, size, weight = 400) => runsOf(text, has).reduce((sum, run) => sum + runWidth(run, size, weight), 0);
  return {
    covers: (text) => [...text].every((character) => SCRIPTS.some((script) => has(script, character.codePointAt(0)!))),
    width,
    line(text, x, y, size, { weight = 400, right = false, color = "#111111" } = {}) {
      let at = right ? x - width(text, size, weight) : x;
      for (const run of runsOf(text, has)) {
        const wide = runWidth(run, size, weight);
        doc.fillColor(color).text(run.text, at, y, { lineBreak: false });
        at += wide;
      }
    },
    wrap(text, wide, size, weight = 400) {
      const lines: string[] = [];
      for (const paragraph of text.split("\n")) {
        let line = "";
        for (const word of paragraph.split(" ").flatMap((one) => pieces(one, wide, (part) => width(part, size, weight)))) {
          const longer = line === "" ? word : `${line} ${word}`;
          if (line === "" || width(longer, size, weight) <= wide) line = longer;
          else {
            lines.push(line);
            line = word;
          }
        }
        lines.push(line);
      }
      return lines;
    },
  };
}

function pieces(word: string, wide: number, widthOf: (text: string) => number): string[] {
  if (widthOf(word) <= wide) return [word];
  const found: string[] = [];
  let piece = "";
  for (const character of word) {
    if (piece !== "" && widthOf(piece + character) > wide) {
      found.push(piece);
      piece = character;
    } else piece += character;
  }
  return [...found, piece];
}
