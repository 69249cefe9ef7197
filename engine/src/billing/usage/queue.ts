/** What usage asks of a queue: to keep checked events until somebody stores them. */

export interface QueuedEvent {
  tenantId: string;
  /** The event as JSON, complete: stored later, it is what it was. */
  body: string;
}

export interface UsageQueue {
  /** Resolves once all of them are durable in the queue. Throws `unavailable` where that is not known of each. */
  put(events: readonly QueuedEvent[]): Promise<void>;
}
