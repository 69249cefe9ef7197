/** The building blocks of request and answer schemas, in the words of the contract (docs/http-api.md, Conventions). */
import { type Static, type TSchema, Type } from "typebox";
import { TENANT_ID } from "../billing/tenants/tenant.ts";

/** The value or null, as one JSON schema with a list of types, so that a fault is reported once. */
export function Nullable<T extends TSchema>(schema: T) {
  const inner = schema as unknown as { type?: string | string[]; enum?: unknown[] };
  if (inner.type === undefined) return Type.Unsafe<Static<T> | null>({ anyOf: [schema, { type: "null" }] });
  const types = Array.isArray(inner.type) ? inner.type : [inner.type];
  return Type.Unsafe<Static<T> | null>({
    ...inner,
    type: [...types, "null"],
    ...(inner.enum ? { enum: [...inner.enum, null] } : {}),
  });
}

/** Whether a schema was made by Type.Optional, for which JSON Schema has no word of its own. */
export function isOptional(schema: unknown): boolean {
  return typeof schema === "object" && schema !== null && "~optional" in schema;
}

/** Written once in the OpenAPI document, under this name, which clients then have a type for. */
export function Named<T extends TSchema>(name: string, schema: T): T {
  return Object.assign(schema, { title: name });
}

export function OneOf<T extends string>(values: readonly T[], description?: string) {
  return Type.Unsafe<T>({ type: "string", enum: [...values], ...(description ? { description } : {}) });
}

/** A number or a decimal string, up to 26 digits before and 12 after the point. */
export function Quantity(description = "A quantity: a number, or a decimal string with up to 12 places.") {
  return Type.Unsafe<string | number>({ type: ["number", "string"], pattern: "^-?\\d{1,26}(\\.\\d{1,12})?$", description });
}

/** The same, never below zero. */
export function PositiveQuantity(description = "A quantity of zero or more: a number, or a decimal string with up to 12 places.") {
  return Type.Unsafe<string | number>({ type: ["number", "string"], pattern: "^\\d{1,26}(\\.\\d{1,12})?$", minimum: 0, description });
}

/** A price of one unit in minor units of the currency, possibly fractional: `"0.25"` is a quarter of a cent. */
export function UnitAmount(description = 'In minor units, may be fractional: "0.25" is a quarter of a cent.') {
  return Type.Unsafe<string | number>({
    type: ["number", "string"],
    pattern: "^\\d{1,15}(\\.\\d{1,18})?$",
    minimum: 0,
    maximum: 1e15,
    description,
  });
}

/** Whole minor units. */
export function Minor(description = "Whole minor units of the currency.") {
  return Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description });
}

export function SignedMinor(description = "Whole minor units of the currency.") {
  return Type.Integer({ description });
}

/** RFC 3339. */
export function Instant(description = "RFC 3339.") {
  return Type.Unsafe<string>({ type: "string", format: "instant", maxLength: 64, description });
}

export function Key(description = "Lower-case letters, digits, _ and -; begins with a letter; at most 64.") {
  return Type.Unsafe<string>({ type: "string", pattern: "^[a-z][a-z0-9_-]{0,63}$", description });
}

export function TenantId() {
  return Type.Unsafe<string>({ type: "string", pattern: TENANT_ID.source, description: "The caller's own id of the tenant." });
}

export function Currency() {
  return Type.Unsafe<string>({ type: "string", format: "currency", description: "Lower-case ISO 4217 code." });
}

export function Text(maxLength: number, description?: string) {
  return Type.String({ maxLength, ...(description ? { description } : {}) });
}

/** A closed object: an unknown field is a fault, never ignored. */
export function Closed<T extends Record<string, TSchema>>(properties: T, options: { description?: string } = {}) {
  return Type.Object(properties, { additionalProperties: false, ...options });
}

export const ListQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: "How many; 25 if not said." })),
  cursor: Type.Optional(Type.String({ maxLength: 512, description: "The next_cursor of the page before." })),
};

export function Page<T extends TSchema>(item: T) {
  return Type.Object({ items: Type.Array(item), next_cursor: Nullable(Type.String()) });
}

export const Metadata = Type.Unsafe<Record<string, string>>({
  type: "object",
  maxProperties: 50,
  propertyNames: { type: "string", maxLength: 40 },
  additionalProperties: { type: "string", maxLength: 500 },
  description: "Up to 50 texts of the caller's own.",
});
