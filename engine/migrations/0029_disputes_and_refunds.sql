-- What a lost dispute took off its invoice, which is owed again; nothing once it was won after all.
alter table payment_disputes add column taken bigint not null default 0 check (taken >= 0);

-- What a refund that was made at the gateway took from the tenant's balance: more went back than was left of the invoice.
alter table refunds add column from_balance bigint not null default 0 check (from_balance >= 0);
alter table balance_entries drop constraint balance_entries_kind_check;
alter table balance_entries add constraint balance_entries_kind_check
  check (kind in ('credited', 'applied', 'overpaid', 'returned', 'credit_note', 'refund_failed', 'received', 'refunded'));
