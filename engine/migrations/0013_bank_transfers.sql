-- Money from outside any gateway, as the operator reports it: what came, and what became of it.
create table receipts (
  id            text primary key,
  tenant_id     text not null references tenants (id),
  method        text not null check (method in ('neft', 'rtgs', 'cheque', 'wire', 'zoho', 'other')),
  -- As it was reported; and folded, without case and spaces.
  reference     text not null,
  reference_key text not null,
  currency      text not null,
  amount        bigint not null check (amount > 0),
  -- What no invoice, balance or return has taken yet.
  amount_left   bigint not null check (amount_left between 0 and amount),
  -- The invoice it was reported for; null: it fitted none.
  invoice_id    text references invoices (id),
  note          text,
  received_at   timestamptz not null,
  created_at    timestamptz not null
);
-- A reference counts once per tenant, whoever reports it and however many do at once.
create unique index receipts_reference on receipts (tenant_id, reference_key);
create index receipts_unapplied on receipts (tenant_id, created_at desc, id desc) where invoice_id is null;

-- Where the money of a receipt went; never changed. What came beyond what was due is told by the balance's own entries.
create table receipt_uses (
  id         bigint generated always as identity primary key,
  receipt_id text not null references receipts (id),
  tenant_id  text not null,
  kind       text not null check (kind in ('applied', 'balance', 'returned')),
  amount     bigint not null check (amount > 0),
  invoice_id text,
  payment_id text unique,
  note       text,
  created_at timestamptz not null,
  check ((kind = 'applied') = (payment_id is not null and invoice_id is not null))
);
create index receipt_uses_receipt on receipt_uses (receipt_id);

-- Balance may come from money that no invoice was written for.
alter table balance_entries alter column invoice_id drop not null;
alter table balance_entries add column receipt_id text references receipts (id);
alter table balance_entries drop constraint balance_entries_kind_check;
alter table balance_entries add constraint balance_entries_kind_check
  check (kind in ('credited', 'applied', 'overpaid', 'returned', 'credit_note', 'refund_failed', 'received'));
alter table balance_entries add constraint balance_entries_whence check ((kind = 'received') = (receipt_id is not null and invoice_id is null));
create index balance_entries_receipt on balance_entries (receipt_id) where receipt_id is not null;

-- Statements of a bank: the rows that brought money, and what they are proposed for. They belong to the operator; a row is a
-- tenant's once it is accepted.
create table bank_statements (
  id         text primary key,
  name       text,
  rows       integer not null,
  credits    integer not null,
  known      integer not null,
  created_at timestamptz not null
);

create table bank_statement_rows (
  statement_id text not null references bank_statements (id),
  line         integer not null,
  -- The same row of a later statement is not stored again.
  fingerprint  text not null unique,
  booked_on    date not null,
  description  text not null,
  reference    text not null,
  currency     text not null,
  amount       bigint not null check (amount > 0),
  status       text not null check (status in ('open', 'accepted', 'ignored')),
  matches      jsonb not null,
  tenant_id    text,
  receipt_id   text,
  primary key (statement_id, line),
  check ((status = 'accepted') = (receipt_id is not null and tenant_id is not null))
);

select isolate('receipts');
select isolate('receipt_uses');
select isolate('bank_statement_rows');

do $$
declare
  audited text[];
begin
  foreach audited slice 1 in array array[
    ['receipts', 'receipt', 'id', 'tenant_id', ''],
    ['bank_statements', 'bank_statement', 'id', '', ''],
    ['bank_statement_rows', 'bank_statement_row', 'fingerprint', 'tenant_id', '']
  ] loop
    execute format(
      'create trigger audit after %s on %I for each row when (coalesce(current_setting(''billwright.actor'', true), '''') <> '''') execute function audit_change(%L, %L, %L, %L)',
      case when audited[1] = 'bank_statement_rows' then 'update' else 'insert or update or delete' end, audited[1], audited[2], audited[3], audited[4], audited[5]);
  end loop;
end $$;
