/** An invoice is mailed through SMTP and sent by WhatsApp, each to a server of our own on loopback. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createWorld, type World } from "../world.ts";

describe("an invoice is sent", () => {
  let world: World;
  const mails: { to: string[]; text: string }[] = [];
  const messages: { url: string; authorization: string; body: Record<string, unknown> }[] = [];
  let refusals = 1;
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData(stream, session, done) {
      let text = "";
      stream.on("data", (chunk) => {
        text += chunk;
      });
      stream.on("end", () => {
        mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), text });
        done();
      });
    },
  });
  const whatsapp = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => {
      text += chunk;
    });
    request.on("end", () => {
      if (refusals-- > 0) {
        response.writeHead(503).end("{}");
        return;
      }
      messages.push({ url: request.url!, authorization: request.headers.authorization!, body: JSON.parse(text) });
      response.writeHead(200, { "content-type": "application/json" }).end('{"messages":[{"id":"wamid.1"}]}');
    });
  });

  beforeAll(async () => {
    await new Promise<void>((resolve) => smtp.listen(0, "127.0.0.1", () => resolve()));
    await new Promise<void>((resolve) => whatsapp.listen(0, "127.0.0.1", resolve));
    const port = (server: { address(): unknown }) => (server.address() as AddressInfo).port;
    world = await createWorld({
      worker: true,
      config: {
        publicUrl: "https://billing.example.com",
        smtp: { url: `smtp://127.0.0.1:${port(smtp.server)}`, from: "Billing <billing@example.com>" },
        whatsapp: { apiUrl: `http://127.0.0.1:${port(whatsapp)}/v23.0`, phoneNumberId: "12345", token: "secret" },
        // The worker's log would tell of the refusal that is meant.
        logLevel: "silent",
      },
    });
    await world.must("PUT", "/v1/tenants/acme", { currency: "usd", billing_email: "pay@acme.example" });
  });
  afterAll(async () => {
    await world.close();
    await new Promise<void>((resolve) => smtp.close(() => resolve()));
    await new Promise((resolve) => whatsapp.close(resolve));
  });

  const invoice = async (mode = "own") =>
    (
      await world.must("POST", "/v1/tenants/acme/invoice-items", {
        description: "Work",
        amount: 5,
        invoice: mode,
        collection: "send_invoice",
      })
    ).invoice_id;
  const types = async () =>
    (await world.must("GET", "/v1/tenants/acme/events?limit=100")).items.map((event: { type: string }) => event.type);

  it("by mail, with the PDF and the link", async () => {
    const id = await invoice();
    const { hosted_url, number } = await world.must("GET", `/v1/invoices/${id}`);
    const answer = await world.post(`/v1/invoices/${id}/send`, { channel: "email" });
    expect([answer.status, answer.body.to]).toEqual([202, "pay@acme.example"]);
    await vi.waitFor(async () => expect(await types()).toContain("invoice.sent"), { timeout: 15_000, interval: 100 });
    expect(mails).toHaveLength(1);
    const [mail] = mails;
    expect(mail!.to).toEqual(["pay@acme.example"]);
    expect(mail!.text).toContain(`Subject: Invoice ${number}`);
    expect(mail!.text.replace(/=\r?\n/g, "")).toContain(hosted_url);
    const attached = mail!.text
      .split(/filename="?[^\r\n]+\r\n\r\n|Content-Disposition: attachment[^\r\n]*\r\n(?: [^\r\n]*\r\n)*\r\n/)
      .at(-1)!;
    expect(Buffer.from(attached.split("\r\n--")[0]!, "base64").subarray(0, 5).toString()).toBe("%PDF-");
  });

  it("by WhatsApp, tried again where the carrier refuses at first", async () => {
    const id = await invoice();
    const { pdf_url } = await world.must("GET", `/v1/invoices/${id}`);
    await world.must("POST", `/v1/invoices/${id}/send`, { channel: "whatsapp", to: "+919876543210" });
    await vi.waitFor(() => expect(messages).toHaveLength(1), { timeout: 25_000, interval: 100 });
    expect(messages[0]).toMatchObject({
      url: "/v23.0/12345/messages",
      authorization: "Bearer secret",
      body: { messaging_product: "whatsapp", to: "919876543210", type: "document", document: { link: pdf_url } },
    });
  });

  it("refuses an address that is none, a draft, and a channel that is not there", async () => {
    const id = await invoice();
    const nobody = await world.post(`/v1/invoices/${id}/send`, { channel: "whatsapp" });
    expect([nobody.status, nobody.body.errors[0].path]).toEqual([422, "to"]);
    const draft = await world.post(`/v1/invoices/${await invoice("draft")}/send`, { channel: "email" });
    expect([draft.status, draft.body.state]).toEqual([409, "draft"]);
    const bare = await createWorld();
    try {
      await bare.must("PUT", "/v1/tenants/t", { currency: "usd", email: "a@b.example" });
      const { invoice_id } = await bare.must("POST", "/v1/tenants/t/invoice-items", { description: "W", amount: 5, invoice: "own" });
      const answer = await bare.post(`/v1/invoices/${invoice_id}/send`, { channel: "email" });
      expect([answer.status, answer.body.code]).toEqual([503, "unavailable"]);
    } finally {
      await bare.close();
    }
  });
});
