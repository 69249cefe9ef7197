-- One order for a tenant's history and its stream: that of the transactions, which can be followed without gaps. The index
-- takes the place of the one by number alone, so that an event costs no more to write than before.

create index billing_events_timeline on billing_events (tenant_id, xid, seq);
drop index billing_events_tenant;
