/**
 * The states of India by the code that a GST number begins with: place of supply decides between CGST + SGST and IGST. Codes of
 * the GST law as of 2026 (26 is Dadra and Nagar Haveli and Daman and Diu since they are one).
 */
const STATES = `
  01 JK Jammu and Kashmir|02 HP Himachal Pradesh|03 PB Punjab|04 CH Chandigarh|05 UK Uttarakhand|06 HR Haryana|07 DL Delhi|08 RJ Rajasthan
  09 UP Uttar Pradesh|10 BR Bihar|11 SK Sikkim|12 AR Arunachal Pradesh|13 NL Nagaland|14 MN Manipur|15 MZ Mizoram|16 TR Tripura
  17 ML Meghalaya|18 AS Assam|19 WB West Bengal|20 JH Jharkhand|21 OD Odisha|22 CG Chhattisgarh|23 MP Madhya Pradesh|24 GJ Gujarat
  26 DH Dadra and Nagar Haveli and Daman and Diu|27 MH Maharashtra|29 KA Karnataka|30 GA Goa|31 LD Lakshadweep|32 KL Kerala
  33 TN Tamil Nadu|34 PY Puducherry|35 AN Andaman and Nicobar Islands|36 TS Telangana|37 AP Andhra Pradesh|38 LA Ladakh
  97 OT Other Territory`;

const ALIASES: Readonly<Record<string, string>> = {
  orissa: "21",
  pondicherry: "34",
  or: "21",
  ct: "22",
  tg: "36",
  ut: "05",
  "nct of delhi": "07",
  "new delhi": "07",
};

const CODES: ReadonlyMap<string, string> = new Map([
  ...STATES.trim()
    .split(/[|\n]/)
    .flatMap((entry): [string, string][] => {
      const [code, short, ...name] = entry.trim().split(" ") as [string, string, ...string[]];
      return [code, short.toLowerCase(), name.join(" ").toLowerCase()].map((text) => [text, code]);
    }),
  ...Object.entries(ALIASES),
]);

const GSTIN = /^\d{2}[A-Z]{5}\d{4}[A-Z][1-9A-Z]Z[0-9A-Z]$/;

/** The code of a state that is named in full, by its letters (also as `IN-KA`) or by its code; null: it is none. */
export function gstState(region: string | null): string | null {
  if (region === null) return null;
  const text = region
    .trim()
    .toLowerCase()
    .replace(/^in-/, "")
    .replace(/\s*&\s*/g, " and ")
    .replace(/\s+/g, " ");
  return CODES.get(text) ?? null;
}

/** The state that a GST number belongs to; null where the text is no GST number. */
export function stateOfGstin(taxId: string | null): string | null {
  const text = taxId?.trim().toUpperCase() ?? "";
  return GSTIN.test(text) ? gstState(text.slice(0, 2)) : null;
}
