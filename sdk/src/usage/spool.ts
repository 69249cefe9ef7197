/** Where usage waits until the engine has it. One line is one event as JSON; lines leave in the order in which they came. */

export interface Batch {
  lines: readonly string[];
  /** For `done`. */
  mark: unknown;
}

export interface Spool {
  /** Resolves when the line is as safe as the spool makes it. Rejects with `spool_full` or `spool_failed`, and then nothing of it is kept. */
  append(line: string): Promise<void>;
  /** The oldest lines, also those of processes that died; they stay until `done`. Empty: nothing waits. */
  next(max: { count: number; bytes: number }): Promise<Batch>;
  /** The batch is settled: the engine has its lines, or they were set aside. */
  done(batch: Batch): Promise<void>;
  /** Keeps a line that the engine refuses where a person finds it. */
  setAside(line: string, why: string): Promise<void>;
  /** How many lines wait. */
  readonly pending: number;
  /** Whether a process may end with lines waiting, since the next one finds them. */
  readonly isDurable: boolean;
  /** Lets go of the spool; what waits, waits on. */
  close(): Promise<void>;
}

/** What happens to a new event when the spool is full: it is refused, it waits for room, or the oldest make room and are lost. */
export type WhenFull = "reject" | "wait" | "drop_oldest";

export interface SpoolLimits {
  /** Bytes that may wait. */
  maxBytes: number;
  whenFull: WhenFull;
  /** Told which events `drop_oldest` lost. */
  onDropped: (lines: readonly string[]) => void;
}

export type OpenSpool = (limits: SpoolLimits, onChange: () => void) => Promise<Spool>;
