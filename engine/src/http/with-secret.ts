/** Answers a secret once: it is added after the answer was stored, so that a replay under an idempotency key has none. */
import type { TSchema } from "typebox";
import type { Tx } from "../commit.ts";
import { type Asked, Printed } from "./route.ts";

export async function withSecret<R>(
  write: Asked<TSchema, TSchema, TSchema>["write"],
  view: (row: R) => object,
  make: (tx: Tx) => Promise<{ row: R; secret: string }>,
): Promise<unknown> {
  let secret = "";
  const answer = await write(
    async (tx) => {
      const made = await make(tx);
      secret = made.secret;
      return view(made.row);
    },
    { status: 201 },
  );
  return answer instanceof Printed ? answer : { ...(answer as object), secret };
}
