/** Where the process is in its life: what readiness tells, and what a stop begins with. One object a process, moved by `engine.ts`. */

export interface Life {
  /** A stop was asked for: what is under way is finished, and nobody should send more. */
  stopping: boolean;
  /** `lost`: it ended by itself, and this process does no jobs any more. */
  worker: "none" | "running" | "lost";
  /** Names of migrations that this program has and its database has not; asked rarely. */
  missingMigrations(): Promise<string[]>;
}

export function newLife(missingMigrations: Life["missingMigrations"]): Life {
  return { stopping: false, worker: "none", missingMigrations };
}
