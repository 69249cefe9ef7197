/** Schemas into validators, and what they find into faults that name the field as the caller wrote it. */
import { Ajv, type AnySchemaObject, type ErrorObject, type ValidateFunction } from "ajv";
import type { DataValidateFunction } from "ajv/dist/types/index.js";
import { isCurrency } from "../billing/money/currency.ts";
import { parseDecimal } from "../billing/money/decimal.ts";
import { parseInstant } from "../billing/time/instant.ts";
import type { Fault } from "../errors.ts";

const formats = {
  instant: (text: string) => parseInstant(text) !== null,
  currency: (text: string) => isCurrency(text),
};

const MESSAGES: Record<string, string> = {
  instant: "must be an instant in RFC 3339 form, such as 2026-01-31T00:00:00Z",
  currency: "must be a lower-case ISO 4217 currency code, such as usd",
};

// Bodies are taken as they are; a query string has only texts, so there a number may be written as one.
const strict = new Ajv({
  allErrors: true,
  coerceTypes: false,
  useDefaults: false,
  removeAdditional: false,
  strict: false,
  verbose: true,
  formats,
});
const lenient = new Ajv({
  allErrors: true,
  coerceTypes: true,
  useDefaults: false,
  removeAdditional: false,
  strict: false,
  verbose: true,
  formats,
});

// A quantity may be written as a number or as a text: the form of the text holds for the digits of the number, too.
for (const ajv of [strict, lenient]) {
  ajv.removeKeyword("pattern");
  ajv.addKeyword({ keyword: "pattern", type: ["string", "number"], schemaType: "string", errors: true, compile: patternOf });
}

function patternOf(pattern: string, parentSchema: AnySchemaObject): DataValidateFunction {
  const form = new RegExp(pattern, "u");
  const ofNumbers = Array.isArray(parentSchema.type) && parentSchema.type.includes("number");
  const validate: DataValidateFunction = (value: unknown) => {
    // What is no text and no quantity has a fault of another kind.
    const text = typeof value === "number" ? (ofNumbers ? (parseDecimal(value)?.toFixed() ?? "") : null) : value;
    if (typeof text !== "string" || form.test(text)) return true;
    validate.errors = [{ keyword: "pattern", params: { pattern }, parentSchema }];
    return false;
  };
  return validate;
}

export function validatorFor(schema: object, part: string | undefined): ValidateFunction {
  return (part === "body" || part === undefined ? strict : lenient).compile(schema);
}

const MAX_FAULTS = 100;

export function faultsOf(errors: ErrorObject[]): Fault[] {
  const faults = new Map<string, Fault>();
  for (const error of errors) {
    const fault = faultOf(error);
    // The first word on a field is the clearest one.
    if (fault && !faults.has(fault.path)) faults.set(fault.path, fault);
    if (faults.size >= MAX_FAULTS) break;
  }
  return [...faults.values()];
}

function faultOf(error: ErrorObject): Fault | null {
  const path = pathOf(error.instancePath);
  switch (error.keyword) {
    case "required":
      return { path: join(path, (error.params as { missingProperty: string }).missingProperty), message: "is required" };
    case "additionalProperties":
      return { path: join(path, (error.params as { additionalProperty: string }).additionalProperty), message: "is not a known field" };
    case "enum":
      return { path, message: `must be one of: ${(error.params as { allowedValues: unknown[] }).allowedValues.join(", ")}` };
    case "type":
      return { path, message: `must be ${wordsOf((error.params as { type: string | string[] }).type)}` };
    case "format":
      return { path, message: MESSAGES[(error.params as { format: string }).format] ?? "has not the right form" };
    case "pattern":
      return { path, message: patternMessage(error) };
    case "anyOf":
    case "oneOf":
    case "if":
      return path === "" ? null : { path, message: "has not one of the forms allowed here" };
    default:
      return { path, message: error.message ?? "is not valid" };
  }
}

function patternMessage(error: ErrorObject): string {
  const about = (error.parentSchema as { description?: string } | undefined)?.description;
  return about ? `has not the right form. ${about}` : `must match ${(error.params as { pattern: string }).pattern}`;
}

function wordsOf(type: string | string[]): string {
  const words = (Array.isArray(type) ? type : type.split(",")).map((name) =>
    /^[aio]/.test(name) ? `an ${name}` : name === "null" ? name : `a ${name}`,
  );
  return words.join(" or ");
}

/** `/plans/0/prices/2` → `plans[0].prices[2]`. */
export function pathOf(pointer: string): string {
  let path = "";
  for (const part of pointer.split("/").slice(1)) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    path = /^\d+$/.test(name) ? `${path}[${name}]` : join(path, name);
  }
  return path;
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
