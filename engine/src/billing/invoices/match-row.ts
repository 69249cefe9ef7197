/** Which invoice a row of a bank statement may pay, and why one thinks so. Pure. */

export interface Payable {
  id: string;
  tenant_id: string;
  tenant_name: string | null;
  number: string;
  currency: string;
  amount_due: bigint;
  status: string;
}

export type Confidence = "high" | "medium" | "low";
/** `reference`: it was paid under this very reference before; accepting the row says so, and pays nothing twice. */
export type Reason = "reference" | "number" | "amount" | "tenant_name" | "tenant_id" | "amount_differs" | "nothing_due" | "other_currency";

export interface Match {
  invoice: string;
  number: string;
  tenant: string;
  amount_due: string;
  confidence: Confidence;
  why: Reason[];
}

export interface Matchable {
  text: string;
  currency: string;
  amount: bigint;
}

const squash = (text: string) =>
  text
    .normalize("NFKD")
    .toUpperCase()
    .replace(/[^\p{L}\p{N}]+/gu, "");

/** Longest number of an invoice in parts: `ACME-EU-INV-2026-01-000123`. */
const MAX_PARTS = 7;
const MAX_WORDS = 60;

/** What in a text may be the number of an invoice, however it is punctuated: words, and words that stand side by side. */
export function tokensOf(text: string): string[] {
  const words =
    text
      .normalize("NFKD")
      .toUpperCase()
      .match(/[A-Z0-9]+/g) ?? [];
  const tokens = new Set<string>();
  for (let from = 0; from < Math.min(words.length, MAX_WORDS); from++) {
    let token = "";
    for (const word of words.slice(from, from + MAX_PARTS)) {
      token += word;
      if (token.length > 60) break;
      if (token.length >= 4 && /\d/.test(token)) tokens.add(token);
    }
  }
  return [...tokens];
}

/** The number as `tokensOf` has it. */
export function foldNumber(number: string): string {
  return number.toUpperCase().replace(/[^A-Z0-9]/g, "");
}

/** Invoices that a row may mean, by what it was found. */
export interface Candidates {
  number: readonly Payable[];
  /** Open, in the row's currency, with exactly its amount due. */
  amount: readonly Payable[];
  reference: readonly Payable[];
}

/** At most five, the most certain first. */
export function matchRow(row: Matchable, candidates: Candidates): Match[] {
  const named = squash(row.text);
  const { number, amount, reference } = candidates;
  const all = new Map([...reference, ...number, ...amount].map((invoice) => [invoice.id, invoice]));
  const matches = [...all.values()].flatMap((invoice): Match[] => {
    const found = (list: readonly Payable[]) => list.some(({ id }) => id === invoice.id);
    const why: Reason[] = [
      ...(found(reference) ? (["reference"] as const) : []),
      ...(found(number) ? (["number"] as const) : []),
      ...reasonsOf(row, named, invoice),
    ];
    const confidence = confidenceOf(why, amount.length);
    if (confidence === null) return [];
    const { id, tenant_id, amount_due } = invoice;
    return [{ invoice: id, number: invoice.number, tenant: tenant_id, amount_due: String(amount_due), confidence, why }];
  });
  return matches.sort((a, b) => weight(b) - weight(a) || (a.number < b.number ? -1 : 1)).slice(0, 5);
}

function reasonsOf(row: Matchable, named: string, invoice: Payable): Reason[] {
  const name = squash(invoice.tenant_name ?? "");
  const id = squash(invoice.tenant_id);
  return [
    standing(row, invoice),
    // Short ones stand in any text.
    ...(name.length >= 4 && named.includes(name) ? (["tenant_name"] as const) : []),
    ...(id.length >= 4 && id !== name && named.includes(id) ? (["tenant_id"] as const) : []),
  ];
}

function standing(row: Matchable, invoice: Payable): Reason {
  if (invoice.currency !== row.currency) return "other_currency";
  if (invoice.amount_due === 0n) return "nothing_due";
  return invoice.amount_due === row.amount ? "amount" : "amount_differs";
}

function confidenceOf(why: readonly Reason[], alike: number): Confidence | null {
  const has = (reason: Reason) => why.includes(reason);
  if (has("reference")) return "high";
  if (has("other_currency") || has("nothing_due")) return has("number") ? "low" : null;
  if (has("number")) return has("amount") ? "high" : "medium";
  if (!has("amount")) return null;
  if (has("tenant_name") || has("tenant_id")) return "medium";
  // An amount alone tells only where no other invoice has it.
  return alike === 1 ? "low" : null;
}

const WEIGHTS: Record<Confidence, number> = { high: 100, medium: 50, low: 0 };
const weight = ({ confidence, why }: Match) =>
  WEIGHTS[confidence] + (why.includes("number") ? 20 : 0) + (why.includes("amount") ? 10 : 0) + why.length;

/** The proposal that may be taken without naming it: the only one above `low`. */
export function clearMatch(matches: readonly Match[]): Match | null {
  const high = matches.filter(({ confidence }) => confidence === "high");
  const likely = high.length > 0 ? high : matches.filter(({ confidence }) => confidence === "medium");
  return likely.length === 1 ? likely[0]! : null;
}

/** How it came, by the words that Indian and other banks put there. */
export function methodIn(text: string): "neft" | "rtgs" | "cheque" | "wire" {
  if (/\bNEFT\b/i.test(text)) return "neft";
  if (/\bRTGS\b/i.test(text)) return "rtgs";
  return /\b(CHQ|CHEQUE|CHECK|CLG)\b/i.test(text) ? "cheque" : "wire";
}
