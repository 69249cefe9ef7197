/** Fields of Stripe's objects, checked as they are read: what is not there, or of another kind, is said by its name. Pure. */

export type Json = Readonly<Record<string, unknown>>;

export class MalformedObject extends Error {
  override readonly name = "MalformedObject";
}

const nameOf = (object: Json) => (typeof object.object === "string" ? object.object : "object");

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function objectIn(value: unknown, what: string): Json {
  if (isObject(value)) return value;
  throw new MalformedObject(`${what} is no object`);
}

/** The object in a field; null where there is none. */
export function inner(object: Json, field: string): Json | null {
  return isObject(object[field]) ? object[field] : null;
}

export function text(object: Json, field: string): string {
  const value = object[field];
  if (typeof value === "string" && value !== "") return value;
  throw new MalformedObject(`${nameOf(object)}.${field} is no text`);
}

export function optionalText(object: Json, field: string): string | null {
  const value = object[field];
  return typeof value === "string" && value !== "" ? value : null;
}

/** What is named by its id, expanded or not; null where nothing is. */
export function idOf(value: unknown): string | null {
  if (typeof value === "string" && value !== "") return value;
  return isObject(value) && typeof value.id === "string" ? value.id : null;
}

/** A whole number: minor units, counts. */
export function whole(object: Json, field: string): bigint {
  const found = optionalWhole(object, field);
  if (found !== null) return found;
  throw new MalformedObject(`${nameOf(object)}.${field} is no whole number`);
}

export function optionalWhole(object: Json, field: string): bigint | null {
  const value = object[field];
  if (value === null || value === undefined || !/^-?\d{1,18}$/.test(String(value))) return null;
  return BigInt(String(value));
}

/** The digits of an exact number: Stripe sends a text, of which its SDK makes an object of its own. */
export function optionalDigits(object: Json, field: string): string | null {
  const value = object[field];
  if (value === null || value === undefined) return null;
  const digits = String(value);
  return /^-?\d{1,26}(\.\d{1,18})?$/.test(digits) ? digits : null;
}

/** Stripe's seconds as our milliseconds. */
export function instant(object: Json, field: string): number {
  const found = optionalInstant(object, field);
  if (found !== null) return found;
  throw new MalformedObject(`${nameOf(object)}.${field} is no instant`);
}

export function optionalInstant(object: Json, field: string): number | null {
  const value = optionalWhole(object, field);
  return value === null ? null : Number(value) * 1_000;
}

/** Of a list object, or of an array. */
export function itemsIn(value: unknown): Json[] {
  const items = isObject(value) ? value.data : value;
  return Array.isArray(items) ? items.map((item) => objectIn(item, "an item")) : [];
}

export function textsIn(value: unknown): Readonly<Record<string, string>> {
  if (!isObject(value)) return {};
  return Object.fromEntries(Object.entries(value).flatMap(([key, one]) => (typeof one === "string" ? [[key, one] as const] : [])));
}
