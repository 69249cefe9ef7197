/** An invoice is printed, in any currency and script, over as many pages as it takes, and has a page of its own (lesson 30). */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPdf } from "../pdf-reader.ts";
import { createWorld, type World } from "../world.ts";

describe("an invoice on paper", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({
      config: {
        publicUrl: "https://billing.example.com",
        seller: { name: "Søren & Œuvres", address: "Straße 1\n10115 Łódź", country: "DE", region: null, taxId: "DE123456789" },
      },
    });
    await world.must("PUT", "/v1/catalog", { tax_rates: [{ key: "gst", kind: "gst", country: "IN", percent: 18 }] });
  });
  afterAll(() => world.close());

  async function invoice(tenant: string, fields: object, items: object[]) {
    await world.must("PUT", `/v1/tenants/${tenant}`, fields);
    const { invoice_id: id } = await world.must("POST", `/v1/tenants/${tenant}/invoice-items`, {
      invoice: "own",
      collection: "send_invoice",
      ...items[0],
    });
    return world.must("GET", `/v1/invoices/${id}`);
  }
  const pdfOf = async (url: string, headers = {}) => {
    const answer = await world.billing.app.inject({ method: "GET", url, headers });
    return { status: answer.statusCode, type: answer.headers["content-type"], file: answer.rawPayload };
  };
  const KEY = { authorization: "Bearer bw_test_key_of_the_test_world" };
  const joined = (text: string) => text.replaceAll("\n", "");

  it("says who, what and how much, in Devanagari and with the sign of the rupee", async () => {
    const made = await invoice(
      "delhi",
      { name: "भारत क्लाउड सेवा", currency: "inr", address: { line1: "Émile-Zola-Straße 5", city: "दिल्ली", country: "IN", state: "DL" } },
      [{ description: "परामर्श, août 2026", quantity: "1.5", unit_amount: "12345678" }],
    );
    const { status, type, file } = await pdfOf(`/v1/invoices/${made.id}/pdf`, KEY);
    expect([status, type]).toEqual([200, "application/pdf"]);
    const [page, ...more] = readPdf(file);
    expect([page!.size, more.length]).toEqual([[595.28, 841.89], 0]);
    const text = joined(page!.text);
    for (const words of [
      made.number,
      "Søren & Œuvres",
      "Łódź",
      "Émile-Zola-Straße 5",
      "août 2026",
      "₹1,23,456.78",
      "₹1,85,185.17",
      "IGST 18 %",
      "₹33,333.33",
      "₹2,18,518.50",
    ]) {
      expect(text).toContain(words);
    }
    // Glyphs of a cluster may come in another order than its letters; each of them is there, and none is missing.
    for (const letter of "भरतदल") expect(text).toContain(letter);
    expect(text).not.toContain("\ufffd");
    expect(await pdfOf(`/v1/invoices/${made.id}/pdf`, KEY)).toMatchObject({ status: 200 });
  });

  it("prints yen as yen, on Letter", async () => {
    const made = await invoice("tokyo", { currency: "jpy" }, [{ description: "Work", amount: 500 }]);
    const { file } = await pdfOf(`/v1/invoices/${made.id}/pdf?size=letter`, KEY);
    const [page] = readPdf(file);
    expect(page!.size).toEqual([612, 792]);
    expect(joined(page!.text)).toContain("¥500");
    expect(joined(page!.text)).not.toContain("¥500.00");
  });

  it("goes over as many pages as its lines take, with the head of the table on each", async () => {
    await world.must("PUT", "/v1/tenants/long", { currency: "usd" });
    const clock = await world.clock("2026-01-01T00:00:00Z");
    await world.must("PUT", "/v1/tenants/long", { test_clock: clock.id });
    await world.must("PUT", "/v1/catalog", {
      plans: [{ key: "p", name: "P", currency: "usd", interval: "month", prices: [{ key: "base", type: "flat", amount: 100 }] }],
    });
    for (let i = 1; i <= 120; i++) {
      await world.must("POST", "/v1/tenants/long/invoice-items", {
        description: `Line ${i} ${i === 60 ? "very ".repeat(80) : ""}end${i}.`,
        amount: i,
      });
    }
    await world.must("POST", "/v1/tenants/long/subscription", { plan: "p" });
    const { items } = await world.must("GET", "/v1/tenants/long/invoices");
    const pages = readPdf((await pdfOf(`/v1/invoices/${items[0].id}/pdf`, KEY)).file);
    expect(pages.length).toBeGreaterThan(4);
    pages.forEach((page, index) => {
      expect(joined(page.text)).toContain(`${index + 1} / ${pages.length}`);
      if (index < pages.length - 1) expect(joined(page.text)).toContain("Description");
    });
    const all = joined(pages.map((page) => page.text).join(""));
    for (let i = 1; i <= 120; i++) expect(all).toContain(`end${i}.`);
    expect(all).toContain("$73.60");
  }, 60_000);

  it("has a public page without scripts, which only the link finds", async () => {
    const made = await invoice("public", { name: `<script>alert("x")</script> & Co`, currency: "usd" }, [
      { description: "<b>Work</b>", amount: 1 },
    ]);
    expect(made.hosted_url).toMatch(/^https:\/\/billing\.example\.com\/i\/[\w-]{32}$/);
    expect(made.pdf_url).toBe(`${made.hosted_url}/pdf`);
    const path = new URL(made.hosted_url).pathname;
    const page = await world.billing.app.inject({ method: "GET", url: path });
    expect([page.statusCode, page.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
    const style = /<style>([\s\S]*)<\/style>/.exec(page.body)![1]!;
    expect(page.headers).toMatchObject({
      "content-security-policy": `default-src 'none'; style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
      "referrer-policy": "no-referrer",
      "cache-control": "private, no-store",
      "x-content-type-options": "nosniff",
    });
    expect(page.body).not.toMatch(/<script|<b>Work| style=|src=|https?:/);
    expect(page.body).toContain("&#60;b&#62;Work&#60;/b&#62;");
    expect(readPdf((await pdfOf(`${path}/pdf`)).file)).toHaveLength(1);
    const other = await world.billing.app.inject({ method: "GET", url: `/i/${"A".repeat(32)}` });
    expect(other.statusCode).toBe(404);
    expect((await pdfOf(`/v1/invoices/${made.id}/pdf`)).status).toBe(401);
  });

  it("its page says what is owed, what made each amount, and what was taken back", async () => {
    await world.must("PUT", "/v1/catalog", { tax_rates: [{ key: "gst", kind: "gst", country: "IN", percent: 18 }] });
    const name = `"><img src=x onerror=alert(1)> & 'भारत'`;
    const made = await invoice(
      "owing",
      { name, currency: "inr", address: { line1: "</address><style>*{}", city: "दिल्ली", country: "IN", state: "DL" } },
      [{ description: "</td><td>परामर्श", quantity: "1234.5", unit_amount: "100" }],
    );
    const page = async () => (await world.billing.app.inject({ method: "GET", url: new URL(made.hosted_url).pathname })).body;
    const before = await page();
    expect(before).toMatch(/^<!doctype html>\n<html lang="en">/);
    // Each tag is closed as often as it is opened, and nobody's words became one.
    const count = (pattern: RegExp) => (before.match(pattern) ?? []).length;
    for (const tag of ["html", "head", "body", "main", "header", "h1", "style", "table", "caption", "thead", "tbody", "address", "dl"]) {
      expect([tag, count(new RegExp(`<${tag}[ >]`, "g"))]).toEqual([tag, count(new RegExp(`</${tag}>`, "g"))]);
    }
    expect([count(/<main>/g), count(/<h1>/g), count(/<style>/g), count(/<img/g), count(/<td /g)]).toEqual([1, 1, 1, 0, 8]);
    for (const words of [
      `Invoice ${made.number}`,
      "₹1,456.71 due",
      "Please pay by",
      "Søren &#38; Œuvres",
      "&#34;&#62;&#60;img src=x onerror=alert(1)&#62; &#38; &#39;भारत&#39;",
      "&#60;/td&#62;&#60;td&#62;परामर्श",
      '<td role="cell" class="quantity">1,234.5</td><td role="cell" class="unit">₹1.00</td><td role="cell" class="amount">₹1,234.50</td>',
      "IGST 18 % of ₹1,234.50",
    ]) {
      expect(before).toContain(words);
    }
    expect(before).not.toContain("Credit notes");

    const note = await world.must("POST", `/v1/invoices/${made.id}/credit-notes`, { reason: "<i>Outage</i>" });
    const after = await page();
    expect(after).toContain('class="badge paid"');
    expect(after).toMatch(new RegExp(`${note.number} <small>.*&#60;i&#62;Outage.*<dd>-₹1,456.71</dd>`));
  });

  it("a draft has no page", async () => {
    const { invoice_id: id } = await world.must("POST", "/v1/tenants/public/invoice-items", {
      description: "Work",
      amount: 5,
      invoice: "draft",
    });
    expect(await world.must("GET", `/v1/invoices/${id}`)).toMatchObject({ hosted_url: null, pdf_url: null });
  });
});
