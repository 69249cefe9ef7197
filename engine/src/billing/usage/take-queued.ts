/** Stores what came over a queue, each message for itself: one that is refused holds up none of the others. */
import { ENGINE } from "../../auth/principal.ts";
import type { Context } from "../../context.ts";
import { Refusal } from "../../errors.ts";
import type { Instant } from "../time/instant.ts";
import { ingest, MAX_BATCH, type Usage } from "./ingest.ts";
import { readQueued } from "./queued-event.ts";

export interface QueuedMessage {
  id: string;
  body: string;
  /** Real time, where the queue says it. */
  sentAt: Instant | null;
}

/** One answer a message: null is stored (or was before), a refusal says why it is not. Throws what is no fault of any message. */
export async function takeQueued(ctx: Context, messages: readonly QueuedMessage[]): Promise<(Refusal | null)[]> {
  const answers: (Refusal | null)[] = messages.map(() => null);
  const ready: { place: number; usage: Usage }[] = [];
  for (const [place, { id, body, sentAt }] of messages.entries()) {
    try {
      ready.push({ place, usage: readQueued(body, id, sentAt) });
    } catch (error) {
      answers[place] = refusalOf(error);
    }
  }
  const plain = ready.filter(({ usage }) => usage.names === undefined && !usage.batch);
  const apart = ready.filter((one) => !plain.includes(one));
  if (!(await storedTogether(ctx, plain))) apart.push(...plain);
  // Side by side: they are one flight of the same lane.
  await Promise.all(
    apart.map(async ({ place, usage }) => {
      await ingest(ctx, ENGINE, usage).catch((error: unknown) => {
        answers[place] = refusalOf(error);
      });
    }),
  );
  return answers;
}

/** False where one of them is refused, and so nothing is stored. */
async function storedTogether(ctx: Context, ready: readonly { usage: Usage }[]): Promise<boolean> {
  if (ready.length > MAX_BATCH) return false;
  const events = ready.flatMap(({ usage }) => usage.events);
  const sent = ready.flatMap(({ usage }) => usage.sent ?? []);
  try {
    await ingest(ctx, ENGINE, { events, batch: true, sent });
    return true;
  } catch (error) {
    refusalOf(error);
    return false;
  }
}

/** What is wrong with a message; anything else is wrong with the engine, and thrown on. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal && error.status < 500) return error;
  throw error;
}
