-- Links that sign somebody in, and webhooks that somebody had worked on again, are in the audit log as well. Links get a number to be named by, since their
-- key is the hash of what opens them.
alter table portal_links add column no bigint generated always as identity;
create trigger audit after insert or update on portal_links for each row
  when (coalesce(current_setting('billwright.actor', true), '') <> '') execute function audit_change('portal_link', 'no', 'tenant_id', 'token_hash');
create trigger audit after update on inbound_events for each row
  when (coalesce(current_setting('billwright.actor', true), '') <> '') execute function audit_change('inbound_event', 'id', 'tenant_id', 'body');
