/** The SQL texts in a source: string and template literals that begin as a statement does. */
import ts from "typescript";
import { lineOf, type Source, visit } from "./house.ts";

export interface SqlText {
  line: number;
  /** Placeholders of a template read as `…`. */
  text: string;
}

// Lower case, after comments, and with what every statement has: so that "Delete a test clock" is no SQL.
const STATEMENT = /^\s*(\/\*[\s\S]*?\*\/\s*)*(select|insert into|update|delete from|with( recursive)? \w+( \([^)]*\))? as)\b/;
const SHAPE = /\b(from|into|set|values|as)\b|\(/;

export function sqlTexts(source: Source): SqlText[] {
  const found: SqlText[] = [];
  visit(source.ast, (node) => {
    const text = textOf(node);
    if (text !== null && STATEMENT.test(text) && SHAPE.test(text)) found.push({ line: lineOf(source, node), text });
  });
  return found;
}

function textOf(node: ts.Node): string | null {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return null;
  return node.head.text + node.templateSpans.map((span) => `…${span.literal.text}`).join("");
}
