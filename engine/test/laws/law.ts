/** A law of `docs/architecture.md`: what it says, how it is checked, and samples that must break it. */
import { buildHouse, type House } from "./house.ts";

export interface Breach {
  path: string;
  line: number;
  /** What is wrong there, in words. */
  words: string;
}

/** A small house, by path, that breaks the law at `path:line`. */
export type Sample = readonly [where: string, files: Record<string, string>];

export interface Law {
  says: string;
  check(house: House): Breach[];
  broken: readonly Sample[];
  /** Small houses that keep it, where a reader might think otherwise. */
  kept?: readonly Record<string, string>[];
}

export function describeBreaches(law: Law, house: House): string[] {
  return law.check(house).map(({ path, line, words }) => `${path}:${line} ${words}`);
}

export function sampleHouse(files: Record<string, string>): House {
  return buildHouse(new Map(Object.entries(files)));
}

/** An exception to a law: the file, and why. One that is not needed any more breaks the law too. */
export type Exceptions = Readonly<Record<string, string>>;

export function needless(exceptions: Exceptions, used: ReadonlySet<string>, house: House): Breach[] {
  return Object.keys(exceptions)
    .filter((path) => house.files.has(path) && !used.has(path))
    .map((path) => ({ path, line: 1, words: "has an exception in engine/test/laws that nothing there needs any more: remove it" }));
}
