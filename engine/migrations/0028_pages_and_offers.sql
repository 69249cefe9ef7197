-- A checkout is a row before the gateway is asked for its page: until then nothing leads to it.
alter table checkouts alter column gateway_reference drop not null;
alter table checkouts alter column url drop not null;
-- What the person is told that is bought.
alter table checkouts add column description text not null default '';
-- A subscription that the processor began on the page, and that cannot be: it is to be ended there and paid back. Real time: when that is
-- tried (again); null: it is done, or there is nothing to do.
alter table checkouts add column undo_reference text;
alter table checkouts add column undo_at timestamptz;
create index checkouts_undo on checkouts (undo_at) where undo_at is not null;

-- The sandbox's charges that wait for the person: by the secret that a page confirms them with, and by the address of the sandbox's own page.
alter table sandbox_charges add column secret text unique;
alter table sandbox_charges add column page text unique;

-- What a processor sells, as it was last listed there; for every process of the engine. Nothing that must be right is in it.
create table processor_offers (
  processor  text primary key,
  offers     jsonb,
  -- Real time: when it was asked.
  fetched_at timestamptz,
  -- How often it has said that something of it changed; and how often it had when it was asked.
  changes    bigint not null default 0,
  seen       bigint not null default 0
);
