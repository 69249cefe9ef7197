/** Catalog files: YAML and JSON with the place of every field, TypeScript as a module. */
import { readFile } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Document, isScalar, LineCounter, parseDocument, stringify, visit } from "yaml";
import { CommandError } from "./terminal.ts";

export interface CatalogFile {
  document: unknown;
  /** `catalog.yaml:12:9` of a field such as `plans[0].prices[2]`; the file alone where lines are not known. */
  place(path: string): string;
}

export async function readCatalogFile(file: string): Promise<CatalogFile> {
  switch (extname(file)) {
    case ".yaml":
    case ".yml":
    case ".json":
      return fromText(file, await text(file));
    case ".ts":
    case ".mts":
    case ".js":
    case ".mjs":
      return fromModule(file);
    default:
      throw new CommandError(`${file}: a catalog is a .yaml, .yml, .json, .ts, .mts, .js or .mjs file.`);
  }
}

/** The text of a catalog in the language that the file's name asks for; YAML without a name. */
export function printCatalog(document: unknown, file: string | null): string {
  const json = JSON.stringify(document, null, 2);
  switch (file === null ? ".yaml" : extname(file)) {
    case ".json":
      return `${json}\n`;
    case ".ts":
    case ".mts":
    case ".js":
    case ".mjs":
      return `import { defineCatalog } from "billwright";\n\nexport default defineCatalog(${json});\n`;
    default:
      return stringify(document, { lineWidth: 140 });
  }
}

async function text(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${(error as Error).message}.`);
  }
}

async function fromModule(file: string): Promise<CatalogFile> {
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(resolve(file)).href)) as { default?: unknown };
  } catch (error) {
    throw new CommandError(`${file} cannot be loaded: ${(error as Error).message}`);
  }
  if (module.default === null || typeof module.default !== "object")
    throw new CommandError(`${file} has no catalog as its default export.`);
  return { document: module.default, place: () => file };
}

// JSON is YAML too, so both have their lines.
function fromText(file: string, source: string): CatalogFile {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const [wrong] = document.errors;
  if (wrong) throw new CommandError(`${at(wrong.pos[0])}  ${wrong.message}`);
  keepDigits(document);
  const value: unknown = document.toJS();
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw new CommandError(`${file} is no catalog: it has no fields.`);
  return { document: value, place: (path) => placeOf(document, path, at) ?? file };
}

// A price of more digits than a double holds goes out as its text.
function keepDigits(document: Document): void {
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === "number" && /^-?\d+(\.\d+)?$/.test(node.source ?? "") && node.source!.replace(/[^\d]/g, "").length > 15) {
        node.value = node.source;
      }
    },
  });
}

/** Where the field stands, or the nearest thing around it that is there. */
function placeOf(document: Document, path: string, at: (offset: number) => string): string | null {
  const keys = [...path.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, name]) => (index === undefined ? name! : Number(index)));
  for (let depth = keys.length; depth > 0; depth--) {
    const parent = depth === 1 ? document.contents : document.getIn(keys.slice(0, depth - 1), true);
    const name = keys[depth - 1]!;
    const pair = (parent as { items?: { key?: unknown }[] } | undefined)?.items?.find(
      (item) => isScalar(item.key) && item.key.value === name,
    );
    const node = (pair?.key ?? document.getIn(keys.slice(0, depth), true)) as { range?: [number, number, number] | null } | undefined;
    if (node?.range) return at(node.range[0]);
  }
  return null;
}
