/** What an erasure takes: marks are put wherever somebody may write about a person, and afterwards looked for in every table. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createSetting, eventOf, type Setting } from "./razorpay/setting.ts";
import { TEST_KEY } from "./world.ts";

const NAME = "Zephyrine Quillfeather";
const MARK = "zephyrine-mark";

let setting: Setting;
beforeAll(async () => {
  setting = await createSetting();
});
afterAll(() => setting.close());

/** The tables in which a text stands, whatever the case. */
async function tablesWith(text: string): Promise<string[]> {
  const { rows } = await setting.world.owner.query<{ name: string; found: boolean }>(
    "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1",
  );
  const found: string[] = [];
  const hex = Buffer.from(text).toString("hex");
  for (const { name } of rows) {
    const { rowCount } = await setting.world.owner.query(
      `select 1 from ${name} t where t::text ilike '%' || $1 || '%' or t::text like '%' || $2 || '%'`,
      [text, hex],
    );
    if (rowCount) found.push(name);
  }
  return found;
}

test("everything about people goes; issued invoices keep whom they were made out to, and the books are right", {
  timeout: 60_000,
}, async () => {
  const { world } = setting;
  await world.must("PUT", "/v1/catalog", {
    plans: [{ key: "pro", name: "Pro", currency: "inr", interval: "month", prices: [{ key: "base", type: "flat", amount: 1_000 }] }],
  });
  await world.must("PUT", "/v1/tenants/gone", {
    name: NAME,
    email: `${MARK}@mail.example`,
    billing_email: `${MARK}-bills@mail.example`,
    currency: "inr",
    tax_id: `${MARK}-tax`,
    address: { line1: `${MARK} street`, country: "IN" },
    metadata: { contact: MARK },
  });
  await world.must("PUT", "/v1/tenants/stays", { name: `${MARK}-of-another`, currency: "inr" });
  await world.must("POST", "/v1/tenants/gone/subscription", {
    plan: "pro",
    billing_email: `${MARK}-sub@mail.example`,
    collection: "send_invoice",
    gateway: "razorpay",
  });
  await world.must("POST", "/v1/tenants/gone/subscription/cancel", { when: "period_end", reason: `${MARK} had enough` });

  // Money from outside, with what the bank and people wrote of it.
  const owed = async () => {
    const body = { description: "Work", amount: 50_000, invoice: "own", collection: "send_invoice" };
    const { invoice_id } = await world.must("POST", "/v1/tenants/gone/invoice-items", body);
    return world.must("GET", `/v1/invoices/${invoice_id}`);
  };
  const [first, second, third, fourth] = [await owed(), await owed(), await owed(), await owed()];
  await world.must("POST", `/v1/invoices/${first.id}/reconcile`, {
    method: "neft",
    reference: "UTR1",
    amount: 60_000,
    received_at: "2026-01-01T00:00:00Z",
    note: `${MARK} called`,
  });
  const file = `Date,Narration,Ref No,Withdrawal,Deposit\n01/02/2026,"NEFT ${second.number} ${MARK}",N001,,"500.00"`;
  const statement = await world.billing.app.inject({
    method: "POST",
    url: "/v1/bank-statements?currency=inr",
    headers: { authorization: `Bearer ${TEST_KEY}`, "content-type": "text/csv" },
    payload: file,
  });
  const { id: statementId } = statement.json<{ id: string }>();
  const [row] = (await world.must("GET", `/v1/bank-statements/${statementId}`)).items;
  await world.must("POST", `/v1/bank-statements/${statementId}/rows/${row.row}/accept`, {});

  // A gateway's event before it, and one that comes afterwards.
  const paid = async (invoice: { id: string }) => {
    const order = await setting.order(invoice.id);
    return eventOf("payment.captured", { payment: { ...setting.razorpay.pay(order.order_id), email: `${MARK}@mail.example` } });
  };
  const [before, after] = [await paid(third), await paid(fourth)];
  await setting.deliver(before, "before");
  await setting.dispatch();

  const link = await world.must("POST", "/v1/tenants/gone/portal", { subject: MARK });
  await world.must("POST", "/v1/tenants/gone/portal", { subject: MARK, return_url: `https://${MARK}.example/` });
  const session = await world.must("POST", "/v1/sessions", { token: link.url.split("#token=")[1] });
  const own = await world.must("POST", "/v1/webhook-endpoints", { url: `https://${MARK}.example/`, description: MARK, tenant_id: "gone" });
  await world.must("POST", `/v1/webhook-endpoints/${own.id}/test`);

  const was = await tablesWith(MARK);
  for (const table of [
    "audit_log",
    "bank_statement_rows",
    "inbound_events",
    "invoices",
    "portal_links",
    "receipts",
    "sessions",
    "subscriptions",
    "tenants",
    "webhook_endpoints",
  ])
    expect(was).toContain(table);

  await world.must("DELETE", "/v1/tenants/gone");
  await setting.deliver(after, "after");
  await setting.dispatch();
  expect((await setting.inbound("after")).state).toBe("done");

  // The address of an issued invoice is one line of an address; a tenant that is not meant keeps its own.
  expect(await tablesWith(`${MARK}@`)).toEqual([]);
  expect((await tablesWith(MARK)).filter((name) => name !== "invoices")).toEqual(["audit_log", "tenants"]);
  for (const table of ["audit_log", "tenants"]) {
    const { rows } = await world.owner.query<{ row: string }>(`select t::text as row from ${table} t where t::text like '%' || $1 || '%'`, [
      MARK,
    ]);
    expect(rows.filter(({ row: text }) => !text.includes(`${MARK}-of-another`))).toEqual([]);
  }
  expect(await tablesWith(NAME)).toEqual(["invoices"]);
  const { bill_to } = await world.must("GET", `/v1/invoices/${first.id}`);
  expect(bill_to).toMatchObject({ name: NAME, email: null, tax_id: expect.stringMatching(new RegExp(MARK, "i")) });
  expect((await world.call("GET", "/v1/tenants/gone", undefined, { authorization: `Bearer ${session.access_token}` })).status).toBe(401);

  // That something changed stays, with the money.
  const { items } = await world.must("GET", "/v1/audit-log?tenant_id=gone&limit=100");
  expect(items.length).toBeGreaterThan(10);
  const receipts = items.filter(
    (one: { object_type: string; change: string }) => one.object_type === "receipt" && one.change === "created",
  );
  expect(receipts.at(-1)).toMatchObject({ after: { amount: 60_000, tenant_id: "gone" }, ip: null });
  expect((await setting.payments("gone")).length).toBeGreaterThan(2);
  expect(await setting.wrong()).toEqual([]);
  // The same file again brings nothing: the row is still known.
  const again = await world.billing.app.inject({
    method: "POST",
    url: "/v1/bank-statements?currency=inr",
    headers: { authorization: `Bearer ${TEST_KEY}`, "content-type": "text/csv" },
    payload: file,
  });
  expect(again.json()).toMatchObject({ known: 1 });
});
