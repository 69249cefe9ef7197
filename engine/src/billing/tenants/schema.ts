/** What may be put of a tenant, and what is answered. */
import { Type } from "typebox";
import { Closed, Currency, Instant, Metadata, Named, Nullable, OneOf, Text } from "../../http/schema.ts";

const opt = <T extends Parameters<typeof Nullable>[0]>(schema: T) => Type.Optional(Nullable(schema));

// One @, something before it, a dotted name behind it: what can be told without sending a mail.
const Email = Type.Unsafe<string>({
  type: "string",
  maxLength: 254,
  pattern: '^[^\\s@<>()\\[\\],;:"\\\\]{1,64}@[^\\s@.<>()\\[\\],;:"\\\\]+(\\.[^\\s@.<>()\\[\\],;:"\\\\]+)+$',
  description: "An address such as billing@example.com.",
});

const Address = Closed({
  line1: opt(Text(200)),
  line2: opt(Text(200)),
  city: opt(Text(100)),
  state: opt(Text(100)),
  postal_code: opt(Text(20)),
  country: opt(Type.String({ pattern: "^[A-Z]{2}$", description: "ISO 3166-1 alpha-2, such as DE." })),
});

const fields = {
  name: opt(Text(255)),
  email: opt(Email),
  billing_email: opt(Email),
  currency: opt(Currency()),
  time_zone: opt(Text(64, "IANA time zone; UTC if not said.")),
  address: opt(Address),
  tax_id: opt(Text(64)),
  tax_exempt: opt(Type.Boolean({ description: "No tax is put on its invoices." })),
  provider_sync: opt(
    OneOf(["off", "invoices"], "Whether the engine's own invoices are shown at Stripe too; as STRIPE_PROVIDER_SYNC says if not said."),
  ),
  test_clock: opt(Text(64, "The id of a test clock; before the first subscription only.")),
  metadata: opt(Metadata),
};

export const TenantBody = Closed(fields);
export const TenantAnswer = Named(
  "Tenant",
  Type.Object({
    tenant_id: Type.String(),
    ...fields,
    created_at: Instant(),
    updated_at: Instant(),
    erased_at: Nullable(Instant()),
  }),
);
