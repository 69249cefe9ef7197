/** What goes wrong between people: credit notes for goodwill, money given back, and debts that nobody expects any more. */
import { DAY } from "../../../billing/time/civil.ts";
import { monthly, type Visit } from "../visit.ts";

export async function askForCorrections(visit: Visit): Promise<void> {
  const { lastPaid, unpaid } = visit.standing;
  const random = visit.random("correction");
  if (!monthly(visit, random, 0.012)) return;
  const open = unpaid.find((invoice) => invoice.status === "open" && invoice.total > 1_000n);
  if (open && random.chance(0.5)) {
    // Something off what is owed; while a payment is under way it is refused, and nothing comes of it.
    await visit.api(
      "POST",
      `/v1/invoices/${open.id}/credit-notes`,
      { amount: part(open.due, random.whole(1, 4)), reason: "goodwill" },
      REFUSED,
    );
    return visit.reload();
  }
  if (lastPaid === null || lastPaid.left < 500n || visit.now - lastPaid.paidAt > 60 * DAY) return;
  const amount = part(lastPaid.left, random.whole(1, 4));
  const settle = random.next();
  // What was paid from the balance cannot go back as money: then it is kept as balance.
  if (settle < 0.35) await visit.api("POST", `/v1/invoices/${lastPaid.id}/refunds`, { amount, reason: "asked for" }, REFUSED);
  else
    await visit.api(
      "POST",
      `/v1/invoices/${lastPaid.id}/credit-notes`,
      { amount, settle: settle < 0.7 ? "balance" : "refund", reason: "goodwill" },
      REFUSED,
    );
  await visit.reload();
}

const REFUSED = ["conflict", "invalid_state", "invalid_request"];

// A quarter, a third, a half or all of it.
function part(amount: bigint, divisor: number): number {
  const share = amount / BigInt(divisor);
  return Number(share > 0n ? share : 1n);
}

/** Sixty days after the last retry, or ninety after the term, a debt is written off; one in four was a mistake and is voided. */
export async function writeOffOld(visit: Visit): Promise<void> {
  for (const invoice of visit.standing.unpaid) {
    if (invoice.status !== "open") continue;
    const since = invoice.dunningEndedAt ?? (invoice.collection === "send_invoice" ? (invoice.dueAt ?? invoice.issuedAt) + 30 * DAY : null);
    if (since === null || visit.now - since < 60 * DAY) continue;
    const step = visit.random(`write off ${invoice.issuedAt}`).chance(0.25) ? "void" : "uncollectible";
    await visit.api("POST", `/v1/invoices/${invoice.id}/${step}`, {}, ["invalid_state"]);
  }
}
