/** The cases of verify.test.ts: ways in which books can be wrong. Invoices 1 to 4 are the first of acme, globex, hooli and initech. */

/** What a hand does to the books (beside the rule of the database that would keep it from doing so), and what is found. */
export const EDITS: [
  what: string,
  edits: string[],
  found: Record<string, { tenant?: string | null; subject?: RegExp; expected?: RegExp; found?: RegExp }>,
][] = [
  [
    "a line's amount",
    [
      "update invoice_lines set amount = amount + 1 where invoice_id = (select id from invoices where number = 'INV-2026-000002') and kind = 'flat'",
    ],
    {
      "invoices.subtotal": { tenant: "globex", subject: /^INV-2026-000002 inv_/, expected: /^3234$/, found: /^3233$/ },
      "lines.amount": { tenant: "globex", subject: /^line_/, expected: /^2900$/, found: /^2901$/ },
    },
  ],
  [
    "a line that is gone",
    ["delete from invoice_lines where id = (select id from invoice_lines where kind = 'seat' and amount > 0 order by id limit 1)"],
    { "invoices.subtotal": {} },
  ],
  [
    "a line of no invoice",
    [
      "update invoice_lines set invoice_id = 'inv_none' where id = (select id from invoice_lines where tenant_id = 'acme' and kind = 'flat' order by id limit 1)",
    ],
    { "lines.invoice": { tenant: "acme", found: /^no inv_none$/ }, "invoices.subtotal": { tenant: "acme" } },
  ],
  [
    "a total",
    [
      "alter table invoices drop constraint invoices_total",
      "update invoices set total = total + 5, amount_due = amount_due + 5 where number = 'INV-2026-000004'",
    ],
    { "invoices.total": { tenant: "initech", subject: /^INV-2026-000004/ } },
  ],
  [
    "what is due",
    ["update invoices set amount_due = 7 where number = 'INV-2026-000001'"],
    { "invoices.due": { expected: /^0$/, found: /^7$/ }, "invoices.status": { expected: /^open$/, found: /^paid$/ } },
  ],
  [
    "a state",
    ["update invoices set status = 'open' where number = 'INV-2026-000001'"],
    { "invoices.status": { expected: /^paid$/, found: /^open, with a paid_at$/ } },
  ],
  [
    "an instant of payment",
    ["update invoices set paid_at = null where number = 'INV-2026-000001'"],
    { "invoices.status": { found: /^paid at no time$/ } },
  ],
  [
    "what was paid",
    ["update invoices set amount_paid = amount_paid - 1, amount_due = 1, status = 'open', paid_at = null where number = 'INV-2026-000001'"],
    { "invoices.payments": { tenant: "acme", expected: /^2900$/, found: /^2899$/ } },
  ],
  [
    "what a payment brought",
    ["update payments set amount_received = 1 where tenant_id = 'acme' and status = 'succeeded' and amount_received = 2900"],
    { "invoices.payments": { tenant: "acme", expected: /^1$/ } },
  ],
  [
    "a payment that failed and brought money",
    ["update payments set amount_received = 1 where id = (select min(id) from payments where status = 'failed')"],
    { "payments.received": { tenant: "hooli", expected: /^0, settled$/, found: /^1, settled$/ } },
  ],
  [
    "the number of an attempt",
    ["update payments set attempt = 3 where id = (select min(id) from payments)"],
    { "payments.attempts": { expected: /^1 to 1$/, found: /^3 to 3$/ } },
  ],
  [
    "a second attempt on its way",
    [
      "drop index payments_in_flight",
      "update payments set status = 'pending', settled_at = null where id = (select min(id) from payments where status = 'failed')",
      "insert into payments select 'pay_twin', tenant_id, invoice_id, gateway, payment_method_id, currency, amount, 0, 'pending', null, null, null, 9, test_clock_id, requested_at from payments where status = 'pending'",
    ],
    { "payments.in_flight": { tenant: "hooli", found: /^2: .*pay_twin/ } },
  ],
  [
    "a number that is gone",
    ["delete from invoices where number = 'INV-2026-000003'"],
    { numbers: { expected: /^INV-2026-000003$/, found: /^INV-2026-000004$/ }, "lines.invoice": {} },
  ],
  [
    "a number twice",
    [
      "alter table invoices drop constraint invoices_number_key",
      "update invoices set number = 'INV-2026-000005' where number = 'INV-2026-000006'",
    ],
    { numbers: { expected: /^INV-2026-00000[67]$/ } },
  ],
  [
    "an invoice without a number",
    ["update invoices set number = null where number = 'INV-2026-000027'"],
    { numbers: { expected: /^a number$/, found: /^none$/ }, "numbers.counter": { subject: /^INV-2026$/, expected: /^26$/, found: /^27$/ } },
  ],
  [
    "the counter",
    ["update invoice_series set last = 99 where series = 'INV-2026'"],
    { "numbers.counter": { tenant: null, subject: /^INV-2026$/, expected: /^27$/, found: /^99$/ } },
  ],
  [
    "a period invoiced twice",
    [
      "drop index invoices_once",
      "update invoices set period_start = '2026-01-10Z', reason = 'start' where id = (select id from invoices where tenant_id = 'acme' and reason = 'period' order by period_start limit 1)",
    ],
    {
      "invoices.periods": {
        tenant: "acme",
        subject: /^sub_\w+ start 2026-01-10T00:00:00Z$/,
        expected: /^1$/,
        found: /^2: inv_\w+, inv_\w+$/,
      },
    },
  ],
  [
    "a line billed twice",
    [
      "drop index invoice_lines_once",
      "insert into invoice_lines select invoice_id, 99, 'line_twin', tenant_id, subscription_id, kind, plan_key, plan_version, price_key, meter_key, group_key, description, quantity, unit_amount, amount, period_start, period_end, proration, round, explain from invoice_lines where tenant_id = 'acme' and kind = 'usage' and price_key = 'calls' and round = 0 order by period_start limit 1",
    ],
    {
      "lines.once": { tenant: "acme", subject: /^sub_\w+ calls 2026-01-10T00:00:00Z round 0$/, found: /^2: .*line_twin/ },
      "invoices.subtotal": {},
    },
  ],
  [
    "a commitment billed twice",
    [
      "drop index invoice_lines_once",
      "insert into invoice_lines select invoice_id, 98, 'line_more', tenant_id, subscription_id, kind, plan_key, plan_version, price_key, meter_key, group_key, description, quantity, unit_amount, amount, period_start, period_end, proration, round, explain from invoice_lines where kind = 'commitment' order by id limit 1",
    ],
    { "lines.once": { subject: /commitment/, found: /line_more/ } },
  ],
  [
    "a round that is missing",
    ["update invoice_lines set round = 2 where tenant_id = 'acme' and round = 1"],
    { "lines.rounds": { tenant: "acme", expected: /^0 to 1$/, found: /^0 to 2$/ } },
  ],
  [
    "a balance below zero",
    [
      "insert into balance_entries (tenant_id, currency, amount, invoice_id, kind, created_at) select tenant_id, currency, -50, id, 'applied', issued_at from invoices where number = 'INV-2026-000001'",
    ],
    {
      balances: { tenant: "acme", subject: /^usd$/, expected: /^0$/, found: /^-50$/ },
      "invoices.balance": { expected: /^took 0, left 0$/, found: /^took 50, left 0$/ },
    },
  ],
  [
    "two live subscriptions",
    ["drop index subscriptions_one_live", "update subscriptions set tenant_id = 'acme' where tenant_id = 'globex'"],
    { "subscriptions.live": { tenant: "acme", expected: /^1$/, found: /^2: sub_\w+, sub_\w+$/ } },
  ],
  [
    "a subscription that never falls due",
    ["update subscriptions set due_at = null where tenant_id = 'hooli'"],
    { "subscriptions.due": { tenant: "hooli", expected: /^by 2026-05-10T00:00:00Z$/, found: /^never$/ } },
  ],
  [
    "a subscription that falls due too late",
    ["update subscriptions set due_at = '2027-01-01Z' where tenant_id = 'globex'"],
    { "subscriptions.due": { tenant: "globex", expected: /^by 2026-05-10/, found: /^at 2027-01-01/ } },
  ],
  [
    "a pause that falls due",
    ["update subscriptions set due_at = '2026-05-10Z' where tenant_id = 'paused'"],
    { "subscriptions.due": { tenant: "paused", expected: /^never$/, found: /^at 2026-05-10/ } },
  ],
  [
    "a pause that is gone",
    ["update subscriptions set pause = null where tenant_id = 'paused'"],
    { "subscriptions.status": { tenant: "paused", expected: /^paused, with a pause$/, found: /^paused$/ } },
  ],
  [
    "an end at no time",
    ["update subscriptions set ended_at = null where tenant_id = 'ended'"],
    { "subscriptions.status": { tenant: "ended", expected: /^canceled, ended$/, found: /^canceled$/ } },
  ],
  [
    "past due without a debt",
    ["update subscriptions set status = 'past_due' where tenant_id = 'acme'"],
    { "subscriptions.past_due": { tenant: "acme", found: /^no grace, no invoice$/ } },
  ],
  [
    "a retry of what is paid",
    ["update invoices set next_attempt_at = issued_at where number = 'INV-2026-000001'"],
    { "invoices.dunning": { tenant: "acme", found: /^paid, charge_automatically, never failed$/ } },
  ],
  [
    "a void that is not",
    ["update invoices set voided_at = null where status = 'void'"],
    { "invoices.status": { tenant: "taxed", expected: /^void$/, found: /^void at no time$/ } },
  ],
  [
    "balance that a void kept",
    ["delete from balance_entries where kind = 'returned'"],
    { "invoices.balance": { tenant: "taxed", expected: /returned 100/, found: /returned 0/ } },
  ],
  [
    "an entry of another tenant",
    ["update balance_entries set tenant_id = 'acme' where kind = 'refund_failed'"],
    { "balances.entries": { tenant: "acme", expected: /^refused usd$/, found: /^acme usd$/ } },
  ],
  [
    "the tax of an invoice",
    ["update invoices set tax = tax + 1, tax_included = tax_included + 1 where id = (select min(id) from invoices where tax > 0)"],
    { "invoices.taxes": {} },
  ],
  [
    "the tax of a line",
    ["update invoice_lines set tax = tax + 1 where id = (select min(id) from invoice_lines where tax > 0)"],
    { "lines.taxes": {}, "invoices.taxes": {} },
  ],
  ["what a discount used up", ["update discount_uses set amount = amount + 1"], { "invoices.discounts": { tenant: "taxed" } }],
  [
    "a credit for unused time",
    ["update invoice_lines set amount = amount - 2 where id = (select min(id) from invoice_lines where kind = 'credit')"],
    { "lines.credit": { tenant: "taxed" }, "invoices.subtotal": { tenant: "taxed" } },
  ],
  [
    "a one-off line that nobody asked for",
    ["delete from invoice_items where id = (select min(id) from invoice_items where invoice_id is not null)"],
    { "invoices.items": { expected: /^0 over 0$/, found: /^1 over/ } },
  ],
  [
    "a credit note that is gone",
    [
      "delete from credit_note_lines where credit_note_id = (select id from credit_notes where number = 'CN-2026-000002')",
      "delete from credit_notes where number = 'CN-2026-000002'",
    ],
    { numbers: { expected: /^CN-2026-000002$/, found: /^CN-2026-000003$/ }, "invoices.credits": { tenant: "taxed" } },
  ],
  [
    "where a credit note went",
    ["update credit_notes set refunded = 0, to_balance = to_balance + refunded where refunded > 0"],
    { "notes.settled": { found: /refunds 0$/ }, "invoices.credits": {} },
  ],
  [
    "a credited line",
    ["update credit_note_lines set amount = amount + 100000, total = total + 1"],
    { "notes.total": {}, "notes.lines": {}, "notes.covered": {} },
  ],
  [
    "what was refunded",
    ["update refunds set amount = amount + 1000000 where status = 'succeeded'"],
    { "refunds.covered": {}, "invoices.refunded": {}, "notes.settled": {} },
  ],
  [
    "a refund that is there twice",
    [
      `insert into refunds (id, tenant_id, payment_id, invoice_id, credit_note_id, gateway, currency, amount, status, gateway_reference, requested_at, settled_at)
       select 'refund_again', tenant_id, payment_id, invoice_id, credit_note_id, gateway, currency, 1, status, gateway_reference, requested_at, settled_at
       from refunds where status = 'succeeded' and gateway_reference is not null limit 1`,
    ],
    { "refunds.once": { expected: /^1$/, found: /^2: refund_/ }, "invoices.refunded": {}, "notes.settled": {} },
  ],
  [
    "a dispute that was won, and took something all the same",
    [
      `insert into payment_disputes (id, tenant_id, payment_id, gateway, reference, status, currency, amount, opened_at, closed_at, taken)
       select 'dispute_x', tenant_id, id, gateway, 'dp_x', 'won', currency, 100, now(), now(), 7 from payments
       where status = 'succeeded' and invoice_id is not null limit 1`,
    ],
    { "disputes.taken": { expected: /^0$/, found: /^7$/ }, "invoices.payments": {} },
  ],
  [
    "a refund settled at no time",
    ["update refunds set settled_at = null where status = 'succeeded'"],
    { "refunds.settled": { found: /^succeeded$/ } },
  ],
  [
    "a rollup",
    [
      "update usage_rollups set total = total + 1 where (tenant_no, meter_no, hour, group_key) in (select tenant_no, meter_no, hour, group_key from usage_rollups where group_key like '%sm%' order by hour limit 1)",
    ],
    {
      "usage.tokens": {
        tenant: "acme",
        subject: /^tokens 2026-01-20T\d\dZ sm"all$/,
        expected: /^n 1, sum \d+\.25, least/,
        found: /^n 1, sum \d+\.25, least/,
      },
    },
  ],
  [
    "a rollup that is gone",
    ["delete from usage_rollups where meter_no = (select no from catalog_items where kind = 'meter' and key = 'stored')"],
    { "usage.stored": { subject: /^stored 2026-/, expected: /moment/, found: /^nothing$/ } },
  ],
  [
    "an event that is gone",
    ["delete from usage_events where idempotency_key = 'late'"],
    { "usage.calls": { tenant: "acme", expected: /^nothing$/, found: /^n 1$/ }, "usage.level": {} },
  ],
  [
    "a meter's definition",
    ["update usage_meters set definition = '[]' where meter_no = (select no from catalog_items where kind = 'meter' and key = 'level')"],
    { "usage.meters": { subject: /^level$/, found: /^\[\]$/ } },
  ],
];
