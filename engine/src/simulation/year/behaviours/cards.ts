/** Cards that fail: they expire, are declined or empty, and most are mended when somebody notices. */
import { DAY } from "../../../billing/time/civil.ts";
import { monthly, type Visit } from "../visit.ts";

const FAILING = ["tok_declined", "tok_insufficient_funds", "tok_insufficient_funds", "tok_expired_card"];

export async function spoilCards(visit: Visit): Promise<void> {
  const { subscription } = visit.standing;
  // Who is sent invoices pays from the bank.
  if (visit.customer.collection === "send_invoice") return;
  if (subscription === null || (subscription.status !== "active" && subscription.status !== "trialing")) return;
  const random = visit.random("spoil");
  if (!monthly(visit, random, 0.035)) return;
  await visit.own("POST", "/payment-methods/setup-intent", { token: random.pick(FAILING) });
}

export async function mendCards(visit: Visit): Promise<void> {
  const failed = visit.standing.unpaid.filter((invoice) => invoice.status === "open" && invoice.failedAt !== null);
  if (failed.length === 0) return;
  const random = visit.random("mend");
  // Within the retries one in five a day; who let them all pass seldom comes back.
  const late = visit.now - failed[0]!.failedAt! > 8 * DAY;
  if (!random.chance(late ? 0.02 : 0.2)) return;
  await visit.own("POST", "/payment-methods/setup-intent", { token: "tok_visa" });
  // Half of them pay at once, the others leave it to the next retry; after the last one nothing else is left.
  if (!late && random.chance(0.5)) return;
  for (const invoice of failed)
    await visit.api("POST", `/v1/invoices/${invoice.id}/pay`, {}, ["payment_failed", "conflict", "invalid_state"]);
  await visit.reload();
}
