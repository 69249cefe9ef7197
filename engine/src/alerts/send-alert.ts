/** The errand that mails an alert. It throws where the carrier did not take it; the queue tries again, to those who have none yet. */
import { findBillTo } from "../billing/tenants/store.ts";
import type { Context } from "../context.ts";
import { onPool } from "../db/pool.ts";
import { rulesOf } from "./rule.ts";
import { findAlert, readRules } from "./store.ts";

export async function sendAlert(ctx: Context, id: string): Promise<void> {
  const mail = ctx.notifiers.email;
  const db = onPool(ctx.pool);
  const alert = await findAlert(db, id);
  if (!alert) return;
  if (!mail) {
    ctx.log.warn({ alert: id }, "an alert is to be mailed, but no mail is configured (SMTP_URL)");
    return;
  }
  const rule = rulesOf(await readRules(db, alert.kind, [alert.tenant_id]))(alert.kind, alert.tenant_id);
  const [tenant] = await findBillTo(db, [alert.tenant_id]);
  const own = rule.settings.email_tenant && tenant?.email ? [tenant.email] : [];
  const name = tenant?.name ?? alert.tenant_id;
  for (const [index, to] of [...new Set([...rule.email, ...own])].entries()) {
    await mail.send({
      // A carrier that sees the same key again tells a repetition.
      key: `${alert.id}-${index}`,
      to,
      subject: `${name}: ${alert.summary}`,
      text: [alert.summary, "", `Tenant: ${name} (${alert.tenant_id})`, `Alert: ${alert.id} (${alert.kind})`].join("\n"),
    });
  }
}
