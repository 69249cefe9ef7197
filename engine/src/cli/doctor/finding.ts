/** What the doctor says of one thing: how it is, and what to do where it is not well. */
export interface Finding {
  about: string;
  state: "ok" | "warn" | "bad";
  says: string;
  /** null: nothing is to be done. */
  advice: string | null;
}

export function ok(about: string, says: string): Finding {
  return { about, state: "ok", says, advice: null };
}

export function warn(about: string, says: string, advice: string): Finding {
  return { about, state: "warn", says, advice };
}

export function bad(about: string, says: string, advice: string): Finding {
  return { about, state: "bad", says, advice };
}
