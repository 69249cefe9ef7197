/** WhatsApp through Meta's Cloud API: the invoice as a document, which WhatsApp fetches from its public address. */
import type { Notifier } from "../billing/invoices/notifier.ts";

const PATIENCE_MS = 20_000;

export interface WhatsappOptions {
  /** The Graph API with its version. */
  apiUrl: string;
  phoneNumberId: string;
  token: string;
}

export function whatsappNotifier({ apiUrl, phoneNumberId, token }: WhatsappOptions): Notifier {
  return {
    async send(notice) {
      if (!notice.file) throw new Error("WhatsApp carries documents here, and this has none");
      const response = await fetch(`${apiUrl}/${phoneNumberId}/messages`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({
          messaging_product: "whatsapp",
          recipient_type: "individual",
          to: notice.to.replace(/^\+/, ""),
          type: "document",
          document: { link: notice.file.url, filename: notice.file.name, caption: notice.text },
        }),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      if (!response.ok) throw new Error(`WhatsApp answered ${response.status}: ${(await response.text()).slice(0, 500)}`);
    },
  };
}
