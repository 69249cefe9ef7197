/** The repository as the laws see it: files by path, sources parsed, imports resolved. Also built from samples, so that each law is seen to fail. */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

export interface Import {
  specifier: string;
  /** The file that a relative import names, from the root; null for a package. */
  target: string | null;
  line: number;
  typeOnly: boolean;
  /** What is imported by name as a value. */
  values: string[];
}

export interface Source {
  path: string;
  text: string;
  ast: ts.SourceFile;
  imports: Import[];
}

export interface House {
  /** Text of each file by its path from the root. */
  files: ReadonlyMap<string, string>;
  /** TypeScript that ships or runs, tests apart. */
  sources: readonly Source[];
  tests: readonly Source[];
}

const PARTS = ["engine", "sdk", "dashboard", "bench", "examples", "scripts"];
const SKIPPED = new Set(["node_modules", "dist", "results", ".billwright"]);
const READ = /\.(ts|tsx|mjs|js|sql|md)$|package\.json$/;
export const GENERATED = /\.gen\.ts$/;

export function readHouse(): House {
  const files = new Map<string, string>();
  for (const part of PARTS) walk(join(ROOT, part), files);
  return buildHouse(files);
}

function walk(folder: string, files: Map<string, string>): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!SKIPPED.has(entry.name)) walk(path, files);
    } else if (READ.test(entry.name)) files.set(relative(ROOT, path).replaceAll("\\", "/"), readFileSync(path, "utf8"));
  }
}

export function buildHouse(files: ReadonlyMap<string, string>): House {
  const parsed = [...files].filter(([path]) => /\.tsx?$/.test(path) && !GENERATED.test(path)).map(([path, text]) => parse(path, text));
  const isTest = ({ path }: Source) => /\.test\.ts$|^(engine|sdk|dashboard)\/test\//.test(path);
  return { files, sources: parsed.filter((source) => !isTest(source)), tests: parsed.filter(isTest) };
}

function parse(path: string, text: string): Source {
  const ast = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const source: Source = { path, text, ast, imports: [] };
  visit(ast, (node) => {
    const found = importOf(node);
    if (!found) return;
    const { specifier } = found;
    const target = specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : null;
    source.imports.push({ ...found, target, line: lineOf(source, node) });
  });
  return source;
}

function importOf(node: ts.Node): Pick<Import, "specifier" | "typeOnly" | "values"> | null {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    const clause = node.importClause;
    const named = clause?.namedBindings && ts.isNamedImports(clause.namedBindings) ? clause.namedBindings.elements : null;
    const values = (named ?? []).filter((one) => !one.isTypeOnly).map((one) => (one.propertyName ?? one.name).text);
    const allTypes = clause !== undefined && !clause.name && named !== null && values.length === 0;
    return {
      specifier: node.moduleSpecifier.text,
      typeOnly: allTypes || clause?.phaseModifier === ts.SyntaxKind.TypeKeyword,
      values,
    };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, typeOnly: node.isTypeOnly, values: [] };
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [first] = node.arguments;
    return first && ts.isStringLiteral(first) ? { specifier: first.text, typeOnly: false, values: [] } : null;
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
    return { specifier: node.argument.literal.text, typeOnly: true, values: [] };
  }
  return null;
}

export function visit(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node);
  ts.forEachChild(node, (child) => visit(child, look));
}

export function lineOf(source: Source, node: ts.Node): number {
  return source.ast.getLineAndCharacterOfPosition(node.getStart(source.ast)).line + 1;
}

/** `billing/<room>` of a path of the engine's source; null elsewhere. */
export function roomOf(path: string): string | null {
  return /^engine\/src\/billing\/([^/]+)\//.exec(path)?.[1] ?? null;
}

export function nameOf(path: string): string {
  return posix.basename(path);
}
