/** Bodies and queries as Stripe takes them: `metadata[key]=…`, `items[0][price]=…`, `expand[]=…`. */

export type Form = { [key: string]: string | Form | (string | Form)[] };

export function decodeForm(text: string): Form {
  const root: Form = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const steps = [...name.matchAll(/([^[\]]+)|\[([^[\]]*)\]/g)].map((match) => match[1] ?? match[2]!);
    put(root, steps, value);
  }
  return arrays(root) as Form;
}

function put(into: Form, steps: string[], value: string): void {
  const [first, ...rest] = steps;
  const key = first === "" ? String(Object.keys(into).length) : first!;
  if (rest.length === 0) {
    into[key] = value;
    return;
  }
  into[key] ??= {};
  put(into[key] as Form, rest, value);
}

/** An object whose keys are 0, 1, 2, … was an array. */
function arrays(value: string | Form): string | Form | (string | Form)[] {
  if (typeof value === "string") return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, arrays(inner as string | Form)] as const);
  if (entries.length > 0 && entries.every(([key], index) => key === String(index)))
    return entries.map(([, inner]) => inner as string | Form);
  return Object.fromEntries(entries) as Form;
}
