/** How processes tell each other, and the parts of one, that there are new events. The word carries no event: what is new is read from the table. */
export interface Wake {
  /** Says that events were committed. Waits for nothing and never fails; words in quick succession are told as one. */
  ring(): void;
  /** Calls back when events were committed anywhere, and after every time in which a word may have been lost. Answers what ends it. */
  listen(onWake: () => void): () => void;
  /** Says what is still to be said, then nothing more. */
  close(): Promise<void>;
}
