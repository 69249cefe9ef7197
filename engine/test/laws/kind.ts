/** What kind of file it is: by its name, else by what its functions take. */
import ts from "typescript";
import { nameOf, type Source } from "./house.ts";

export type Kind = "store" | "routes" | "jobs" | "noun" | "verb";

// By these first parameters a function shows that it acts or asks: all other exported code is a noun.
const ACTS = new Set(["Tx", "Context", "Database", "Pool", "Connection", "FastifyInstance"]);
export function kindOf(source: Source): Kind {
  const name = nameOf(source.path);
  if (/(^|-)store\.ts$/.test(name)) return "store";
  if (/(^|-)routes\.ts$/.test(name)) return "routes";
  if (name === "jobs.ts") return "jobs";
  return functionsOf(source).some(({ first }) => ACTS.has(first.type)) ? "verb" : "noun";
}

interface Fn {
  name: string;
  first: { name: string; type: string };
  node: ts.FunctionDeclaration | ts.ArrowFunction | ts.FunctionExpression;
  exported: boolean;
}

/** The functions at the top of a file. */
export function functionsOf(source: Source): Fn[] {
  return source.ast.statements.flatMap((statement) => {
    const exported =
      (ts.getCombinedModifierFlags(statement as never) & ts.ModifierFlags.Export) !== 0 || /^export /.test(statement.getText());
    if (ts.isFunctionDeclaration(statement)) return [describe(statement.name?.text ?? "", statement, exported)];
    if (!ts.isVariableStatement(statement)) return [];
    return statement.declarationList.declarations.flatMap(({ name, initializer }) =>
      initializer && (ts.isArrowFunction(initializer) || ts.isFunctionExpression(initializer))
        ? [describe(name.getText(), initializer, exported)]
        : [],
    );
  });
}

function describe(name: string, node: Fn["node"], exported: boolean): Fn {
  const first = node.parameters[0];
  return { name, node, exported, first: { name: first?.name.getText() ?? "", type: first?.type?.getText().replace(/^.*\./, "") ?? "" } };
}
