-- Set once, when the first event is read by a meter or a subscription is sold a price on it: what it measures is fixed from then on.
alter table catalog_items add column used_at timestamptz;
-- Set once, with the first subscription: the currency and the clock of a tenant are fixed from then on.
alter table tenants add column subscribed_at timestamptz;
