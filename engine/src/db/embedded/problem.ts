/** A start that cannot succeed until a person changes something. The message says what. */
export class EmbeddedError extends Error {
  override name = "EmbeddedError";
}

const OWN_SERVER = "or use a PostgreSQL of your own by setting DATABASE_URL";
const OTHER_FOLDER = `choose another folder with BILLWRIGHT_DATA_DIR, ${OWN_SERVER}`;

/** What PostgreSQL or the system says, and what a person can do about it. First match wins. */
const causes: [RegExp, (where: string) => string][] = [
  [
    /ENOSPC|No space left on device|Check free disk space|EDQUOT|Disk quota exceeded/i,
    (where) => `The disk that holds ${where} is full. Free some space, then start again.`,
  ],
  [
    /error while loading shared libraries: (?<library>[^:\s]+)|Library not loaded/,
    () => `A shared library that PostgreSQL needs is missing on this machine. Install it, ${OWN_SERVER}.`,
  ],
  [
    /cannot be run as root|must not be run as root|root execution/i,
    () => `PostgreSQL refuses to run as root. Start Billwright as an ordinary user, ${OWN_SERVER}.`,
  ],
  [
    /EACCES|EPERM|EROFS|Permission denied|Read-only file system|Operation not permitted/i,
    (where) => `Billwright may not write to ${where}. Make it writable for the user that runs Billwright, ${OTHER_FOLDER}.`,
  ],
  [
    /invalid permissions|could not change permissions/,
    (where) => `The file system of ${where} does not keep Unix permissions, which PostgreSQL needs; ${OTHER_FOLDER}.`,
  ],
  [
    /initialized by PostgreSQL version (?<version>\d+)/,
    (where) =>
      `The data in ${where} was made by another version of PostgreSQL. Start the version that made it and dump it, or ${OTHER_FOLDER}.`,
  ],
  [
    /Cannot allocate memory|could not map anonymous shared memory|out of memory/i,
    () => `There is not enough free memory to start PostgreSQL. Free some, ${OWN_SERVER}.`,
  ],
  [/ENOTDIR|Not a directory|EEXIST/, (where) => `${where} is not a folder. Remove what is there, or ${OTHER_FOLDER}.`],
];

/** Turns what went wrong into a sentence that says what to do, and keeps the last lines of what was said. */
export function explain(what: string, said: unknown, where: string): EmbeddedError {
  if (said instanceof EmbeddedError) return said;
  const text = said instanceof Error ? said.message : String(said);
  const cause = causes.find(([pattern]) => pattern.test(text));
  const advice = cause?.[1](where) ?? `Read the lines below; to do without the built-in PostgreSQL, set DATABASE_URL.`;
  const tail = text.trim().split("\n").slice(-6).join("\n  ");
  return new EmbeddedError(`${what}. ${advice}\n  ${tail}`, said instanceof Error ? { cause: said } : {});
}
