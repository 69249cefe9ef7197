-- What a lost dispute took off its invoice, which is owed again; nothing once it was won after all.
alter table payment_disputes add column taken bigint not null default 0 check (taken >= 0);

-- What a refund that was made at the gateway took from the tenant's balance: more went back than was left of the invoice.
alter table refunds add column from_balance bigint not null default 0 check (from_balance >= 0);
alter table balance_entries drop constraint balance_entries_kind_check;
alter table balance_entries add constraint balance_entries_kind_check
  check (kind in ('credited', 'applied', 'overpaid', 'returned', 'credit_note', 'refund_failed', 'received', 'refunded'));

-- Credits that were taken back because a dispute took the money for them: granted again once that is paid.
create table disputed_credits (
  grant_id   text not null,
  dispute_id text not null,
  tenant_id  text not null references tenants (id),
  invoice_id text not null,
  amount     numeric not null check (amount > 0),
  -- The grant that gave them again; null: not paid again yet, or too late for credits that expired meanwhile.
  again_id   text,
  primary key (grant_id, dispute_id)
);
create index disputed_credits_invoice on disputed_credits (invoice_id);
select isolate('disputed_credits');

-- Not all that was seen at the processor is taken over yet: the process may have died between two steps, so all of it is read again.
alter table processor_subscriptions add column unfinished boolean not null default false;
