/** The JSON schema of a tax rate. */
import { type Static, Type } from "typebox";
import { Closed, Key, Metadata, OneOf, Text } from "../../http/schema.ts";
import { Percent } from "./coupon-schema.ts";
import { opt } from "./price-schema.ts";

export const TaxRateBody = Closed({
  key: Key(),
  name: opt(Text(255, "As invoices name it, such as VAT.")),
  description: opt(Text(2_000)),
  metadata: opt(Metadata),
  kind: OneOf(["vat", "gst", "sales"]),
  country: Type.String({ pattern: "^[A-Z]{2}$", description: "ISO 3166-1 alpha-2, such as DE." }),
  region: opt(Text(100, "A state or province, as addresses name it; without it, the whole country.")),
  percent: Percent("Per cent."),
  inclusive: opt(Type.Boolean({ description: "Prices contain the tax already." })),
});

export type TaxRateDocument = Static<typeof TaxRateBody>;
