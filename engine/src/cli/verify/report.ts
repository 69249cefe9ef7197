/** The books' report: every check with its count, then what is wrong, by name. */
import { styleText } from "node:util";
import { table } from "../table.ts";
import type { Verdict } from "./books.ts";

export function printReport(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ name, says, checked, wrong }) => [
    name,
    says,
    checked.toLocaleString("en"),
    wrong === 0 ? "ok" : `${wrong.toLocaleString("en")} wrong`,
  ]);
  const [head = "", rule = "", ...body] = table(["check", "what must hold", "checked", ""], rows).trimEnd().split("\n");
  const painted = body.map((line, index) => (verdicts[index]!.wrong === 0 ? line : styleText("red", line)));
  const report = [styleText("bold", head), styleText("dim", rule), ...painted].map((line) => `${line}\n`).join("");
  return report + verdicts.map(printWrong).join("") + printSum(verdicts);
}

function printWrong({ name, says, wrong, named }: Verdict): string {
  if (wrong === 0) return "";
  const rows = named.map(({ tenant_id, subject, expected, found }) => [tenant_id, subject, expected, found]);
  const more = wrong > named.length ? `  … and ${(wrong - named.length).toLocaleString("en")} more; --limit names more of them.\n` : "";
  return `\n${styleText("red", `${name}: ${says}`)}\n${indented(table(["tenant", "what", "expected", "found"], rows))}${more}`;
}

function indented(lines: string): string {
  return lines.replace(/^(?=.)/gm, "  ");
}

function printSum(verdicts: readonly Verdict[]): string {
  const checked = verdicts.reduce((sum, verdict) => sum + verdict.checked, 0).toLocaleString("en");
  const wrong = verdicts.reduce((sum, verdict) => sum + verdict.wrong, 0);
  if (wrong === 0) return `\n${styleText("green", "The books are right")}: ${checked} things were checked in ${verdicts.length} ways.\n`;
  return `\n${styleText("red", `${wrong.toLocaleString("en")} things are wrong`)} of ${checked} that were checked in ${verdicts.length} ways.\n`;
}
