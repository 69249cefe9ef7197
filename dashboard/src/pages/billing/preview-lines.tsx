/** The lines that a change would make, as the engine reckoned them: the same code as the invoice's. */
import type { ReactNode } from "react";
import { moneyText } from "../../text/money.ts";
import type { Line } from "./data.ts";

export function PreviewLines({
  lines,
  currency,
  total,
  words,
}: {
  lines: readonly Line[];
  currency: string;
  total: number | string;
  words: ReactNode;
}) {
  return (
    <div className="rounded-control border border-line bg-sunken/50 px-4 py-3 text-small">
      {lines.length > 0 && (
        <ul className="mb-2 space-y-1.5 border-b border-line pb-2.5">
          {lines.map((line, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines that do not exist yet have no other name
            <li key={index} className="flex justify-between gap-4">
              <span className="text-ink-soft">{line.description}</span>
              <span className="figures whitespace-nowrap">{moneyText(line.amount, currency)}</span>
            </li>
          ))}
        </ul>
      )}
      <p className="flex justify-between gap-4 font-semibold">
        <span>{words}</span>
        <span className="figures whitespace-nowrap">{moneyText(total, currency)}</span>
      </p>
    </div>
  );
}
