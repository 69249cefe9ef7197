/** The answer to recorded usage, printed by hand: ten thousand outcomes a request, of texts that need no escaping. */
import type { Outcome } from "./event.ts";

export function printOutcome({ id, status, conflict, unmatched }: Outcome): string {
  return `{"id":"${id}","status":"${status}"${conflict ? ',"conflict":true' : ""}${unmatched ? ',"matched":[]' : ""}}`;
}

export function printOutcomes(outcomes: readonly Outcome[]): string {
  let duplicates = 0;
  let results = "";
  for (const outcome of outcomes) {
    if (outcome.status === "duplicate") duplicates += 1;
    results += results === "" ? printOutcome(outcome) : `,${printOutcome(outcome)}`;
  }
  return `{"accepted":${outcomes.length - duplicates},"duplicates":${duplicates},"results":[${results}]}`;
}
