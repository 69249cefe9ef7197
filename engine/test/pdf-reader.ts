/** Reads the text of our own PDFs back: page by page, the characters that each glyph stands for. For tests. */
import { inflateSync } from "node:zlib";

export interface PdfPage {
  /** Width and height in points. */
  size: [number, number];
  text: string;
}

export function readPdf(file: Buffer): PdfPage[] {
  const objects = objectsOf(file);
  const body = (reference: string) => objects.get(reference)!;
  return [...objects.values()]
    .filter(({ head }) => /\/Type \/Page\b/.test(head))
    .map(({ head }) => {
      const [, width, height] = /\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/.exec(head)!;
      const resources = body(/\/Resources (\d+) 0 R/.exec(head)![1]!).head;
      const fonts = new Map(
        [...resources.matchAll(/\/(F\d+) (\d+) 0 R/g)].map(([, name, id]) => {
          const map = /\/ToUnicode (\d+) 0 R/.exec(body(id!).head)![1]!;
          return [name!, charactersOf(body(map).stream.toString("latin1"))] as const;
        }),
      );
      const content = body(/\/Contents (\d+) 0 R/.exec(head)![1]!).stream.toString("latin1");
      return { size: [Number(width), Number(height)], text: textOf(content, fonts) };
    });
}

function objectsOf(file: Buffer): Map<string, { head: string; stream: Buffer }> {
  const text = file.toString("latin1");
  const found = new Map<string, { head: string; stream: Buffer }>();
  for (const match of text.matchAll(/(\d+) 0 obj\n([\s\S]*?)endobj/g)) {
    const [, id, body] = match as unknown as [string, string, string];
    const at = body.indexOf("stream\n");
    const head = at < 0 ? body : body.slice(0, at);
    let stream = Buffer.alloc(0);
    if (at >= 0) {
      const length = Number(/\/Length (\d+)/.exec(head)![1]);
      const bytes = Buffer.from(body.slice(at + 7, at + 7 + length), "latin1");
      stream = head.includes("/FlateDecode") ? inflateSync(bytes) : bytes;
    }
    found.set(id, { head, stream });
  }
  return found;
}

// `<0000> <0002> [<0000> <0048> <0065>]`: from the first glyph on, what each stands for.
function charactersOf(map: string): Map<number, string> {
  const found = new Map<number, string>();
  for (const [, first, , list] of map.matchAll(/<([0-9a-f]{4})> <([0-9a-f]{4})> \[([^\]]*)\]/gi)) {
    [...list!.matchAll(/<([0-9a-f ]*)>/gi)].forEach(([, codes], index) => {
      const units = codes!.replaceAll(" ", "").match(/.{4}/g) ?? [];
      found.set(Number.parseInt(first!, 16) + index, String.fromCharCode(...units.map((unit) => Number.parseInt(unit, 16))));
    });
  }
  return found;
}

function textOf(content: string, fonts: Map<string, Map<number, string>>): string {
  let font = new Map<number, string>();
  let text = "";
  for (const [, name, shown] of content.matchAll(/\/(F\d+) [\d.]+ Tf|\[([^\]]*)\] TJ/g)) {
    if (name !== undefined) font = fonts.get(name)!;
    else {
      for (const [, hex] of shown!.matchAll(/<([0-9a-f]*)>/gi)) {
        for (const glyph of hex!.match(/.{4}/g) ?? []) text += font.get(Number.parseInt(glyph, 16)) ?? "\ufffd";
      }
      text += "\n";
    }
  }
  return text;
}
