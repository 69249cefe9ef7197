/** Mail through SMTP. */
import { createTransport } from "nodemailer";
import type { Notifier } from "../billing/invoices/notifier.ts";

const PATIENCE_MS = 20_000;

export function smtpNotifier(options: { url: string; from: string }): Notifier & { close(): void } {
  const transport = createTransport(options.url, {
    connectionTimeout: PATIENCE_MS,
    greetingTimeout: PATIENCE_MS,
    socketTimeout: PATIENCE_MS,
  } as never);
  const domain = options.from.replace(/^.*@/, "").replace(/>.*$/, "") || "localhost";
  return {
    async send(notice) {
      await transport.sendMail({
        from: options.from,
        to: notice.to,
        subject: notice.subject,
        text: notice.text,
        messageId: `<${notice.key}@${domain}>`,
        attachments: notice.file ? [{ filename: notice.file.name, content: notice.file.content, contentType: "application/pdf" }] : [],
      });
    },
    close: () => transport.close(),
  };
}
