-- What an erasure takes out of the audit log of a tenant: everything of the entries that are about people, what may name one of all others, and from where
-- each was asked. That something changed, what kind of thing, when and by whom stays.
create function erase_audit_trail(erased text) returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare
  personal text[] := array['name', 'email', 'billing_email', 'address', 'tax_id', 'metadata', 'bill_to', 'subject', 'note', 'description', 'reason',
    'cancel_reason', 'reference', 'reference_key', 'gateway_reference', 'brand', 'last4', 'url', 'return_url', 'matches', 'fingerprint'];
begin
  perform set_config('billwright.erasing', 'yes', true);
  update audit_log set before = null, after = null
    where tenant_id = erased and object_type = any (array['tenant', 'payment_method', 'session', 'webhook_endpoint', 'webhook_secret', 'bank_statement_row']);
  update audit_log set before = before - personal, after = after - personal, ip = null, user_agent = null where tenant_id = erased;
  perform set_config('billwright.erasing', '', true);
end $$;
revoke all on function erase_audit_trail(text) from public;
grant execute on function erase_audit_trail(text) to billwright_app;
