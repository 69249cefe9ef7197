-- What a share of the free allowance of usage is a share of, where that is not the period: what ended early without anything given back
-- keeps all of it, also for what comes late.
alter table service_segments add column allowance_end timestamptz;
