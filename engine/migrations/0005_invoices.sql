-- Collection of what was not paid: retries are found as due work in next_attempt_at.
alter table invoices
  add column failed_at        timestamptz,
  add column retries          smallint not null default 0,
  add column next_attempt_at  timestamptz,
  add column dunning_ended_at timestamptz;
create index invoices_retry on invoices (next_attempt_at, id) where next_attempt_at is not null;
-- What keeps a subscription past due.
create index invoices_failing on invoices (subscription_id) where failed_at is not null and status = 'open';

-- A voided invoice gives back the balance that it had used up.
alter table balance_entries drop constraint balance_entries_kind_check;
alter table balance_entries add constraint balance_entries_kind_check check (kind in ('credited', 'applied', 'overpaid', 'returned'));
