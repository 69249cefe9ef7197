/** Those who are sent invoices: most pay within the term, some a part of it, some late. */
import { DAY } from "../../../billing/time/civil.ts";
import type { Visit } from "../visit.ts";

export async function payByTransfer(visit: Visit): Promise<void> {
  const sent = visit.standing.unpaid.filter((invoice) => invoice.status === "open" && invoice.collection === "send_invoice");
  if (sent.length === 0) return;
  const random = visit.random("transfer");
  for (const invoice of sent) {
    const age = (visit.now - invoice.issuedAt) / DAY;
    if (age < 3 || !random.chance(age < 14 ? 0.12 : 0.06)) continue;
    const part = invoice.paid === 0n && invoice.due > 10_000n && random.chance(0.08) ? { amount: Number(invoice.due / 2n) } : {};
    await visit.api("POST", `/v1/invoices/${invoice.id}/pay`, part, ["payment_failed", "conflict", "invalid_state"]);
  }
  await visit.reload();
}
