/**
 * Which field of an event comes from where: `--map tenant_id=tenant,event=llm_request,at=ts,properties.model=model`.
 *
 * `event=name` is a fixed name; every other `field=name` is a column. `@name` is a column and `'text'` a fixed text, always.
 * Columns that are not mapped become properties, unless the mapping names properties itself (`properties=*` then adds the rest).
 */
import { CommandError } from "../terminal.ts";

const FIELDS = ["tenant_id", "event", "at", "idempotency_key", "amount"] as const;
type Field = (typeof FIELDS)[number];

type Source = { column: string } | { text: string };

export interface Mapping {
  fields: Partial<Record<Field, Source>>;
  properties: Record<string, Source>;
  /** Columns that nothing names become properties under their own name. */
  rest: boolean;
}

/** Columns of a file of rejected rows, which carry no usage. */
export const NOTES = ["import_line", "import_reason"];

export function parseMapping(texts: readonly string[]): Mapping {
  const mapping: Mapping = { fields: {}, properties: {}, rest: false };
  for (const part of texts.flatMap(split)) {
    const at = part.indexOf("=");
    const name = part.slice(0, at).trim();
    const value = part.slice(at + 1).trim();
    if (at < 1 || value === "") throw new CommandError(`--map ${part}: write field=column.`);
    if (name === "properties" && value === "*") mapping.rest = true;
    else if (name.startsWith("properties.") && name.length > 11) mapping.properties[name.slice(11)] = sourceOf(value, false);
    else if ((FIELDS as readonly string[]).includes(name)) {
      if (mapping.fields[name as Field]) throw new CommandError(`--map names ${name} twice.`);
      mapping.fields[name as Field] = sourceOf(value, name === "event");
    } else throw new CommandError(`--map ${name}: an event has ${FIELDS.join(", ")}, properties.NAME and properties=*.`);
  }
  if (Object.keys(mapping.properties).length === 0) mapping.rest = true;
  return mapping;
}

/** Refuses a mapping that names what the file has not. */
export function checkMapping(mapping: Mapping, columns: readonly string[]): void {
  for (const field of ["tenant_id", "event"] as const) {
    if (!mapping.fields[field])
      throw new CommandError(`--map must say where ${field} comes from: ${field}=column${field === "event" ? " or a fixed name" : ""}.`);
  }
  for (const [name, source] of [...Object.entries(mapping.fields), ...Object.entries(mapping.properties)]) {
    if ("column" in source && !columns.includes(source.column)) {
      throw new CommandError(
        `--map ${name}: the file has no column ${source.column}. It has ${columns.join(", ")}. (A fixed text is written '${source.column}'.)`,
      );
    }
  }
}

export type Row = Readonly<Record<string, unknown>>;

/** The event of a row, or a sentence on why there is none. `fallbackKey` identifies the row for ever where no column does. */
export function eventOf(mapping: Mapping, row: Row, fallbackKey: string): { event: Record<string, unknown> } | { reason: string } {
  const event: Record<string, unknown> = {};
  const taken = new Set(NOTES);
  for (const [field, source] of Object.entries(mapping.fields)) {
    const value = valueFrom(source, row);
    if ("column" in source) taken.add(source.column);
    if (value === undefined || value === null || value === "") return { reason: `${field}: the column is empty` };
    // Identities are texts, whatever they look like.
    event[field] = field === "amount" || typeof value !== "number" ? value : String(value);
  }
  event.idempotency_key ??= fallbackKey;
  const properties: Record<string, unknown> = {};
  for (const [name, source] of Object.entries(mapping.properties)) {
    if ("column" in source) taken.add(source.column);
    set(properties, name, valueFrom(source, row));
  }
  if (mapping.rest) for (const [name, value] of Object.entries(row)) if (!taken.has(name)) set(properties, name, value);
  return { event: { ...event, properties } };
}

function set(properties: Record<string, unknown>, name: string, value: unknown): void {
  if (value === undefined || value === "") return;
  properties[name] = typeof value === "string" ? numberOrText(value) : value;
}

/** A cell that reads exactly as a number prints is that number; all else (`007`, `1.50`, 20 digits) stays the text it is. */
function numberOrText(text: string): string | number {
  return /^-?\d[\d.]{0,15}$/.test(text) && String(Number(text)) === text ? Number(text) : text;
}

function valueFrom(source: Source, row: Row): unknown {
  return "text" in source ? source.text : row[source.column];
}

function sourceOf(value: string, fixed: boolean): Source {
  if (value.startsWith("@")) return { column: value.slice(1) };
  const quoted = /^'(.*)'$/s.exec(value);
  if (quoted) return { text: quoted[1]! };
  return fixed ? { text: value } : { column: value };
}

// At commas, but not at those between quotes.
function split(text: string): string[] {
  return (text.match(/(?:'[^']*'|[^,])+/g) ?? []).map((part) => part.trim()).filter((part) => part !== "");
}
