/**
 * Real usage with independently computed bills, where the folder is beside this checkout (or DATASETS_DIR names it). The
 * data is not part of the repository; without it the suite says that nothing was checked.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const BESIDE = fileURLToPath(new URL("../../../../shared/data/", import.meta.url));

export function datasetsFolder(): string | null {
  const named = process.env.DATASETS_DIR;
  if (named !== undefined && named !== "") {
    if (!existsSync(named)) throw new Error(`DATASETS_DIR is ${named}, which does not exist`);
    return named;
  }
  return existsSync(BESIDE) ? BESIDE : null;
}

export interface PlanFile {
  currency: string;
  minor_unit_exponent: number;
  dataset: string;
  months: string[];
  timestamp: string;
  tenant: string;
  dedup_key: string;
  meters: { id: string; aggregation: string; field?: string; prefix?: number; where?: Record<string, string> }[];
  lines: {
    id: string;
    model: string;
    meter?: string;
    amount?: string;
    per?: string;
    unit_price?: string;
    package_size?: string;
    package_price?: string;
    included?: string;
    tiers?: { up_to: string | null; unit_price: string }[];
  }[];
}

export interface Bill {
  total_minor: number;
  lines: Record<string, { quantity?: string; exact: string; minor: number }>;
}

export interface ExpectedFile {
  grand_total_minor: number;
  invoices: number;
  lines: number;
  tenants: Record<string, Record<string, Bill>>;
}

export function readPlan(folder: string, name: string): PlanFile {
  return JSON.parse(readFileSync(join(folder, `plan_${name}.json`), "utf8"));
}

export function readExpected(folder: string, name: string): ExpectedFile {
  return JSON.parse(readFileSync(join(folder, `expected_${name}.json`), "utf8"));
}

export function readRows(folder: string, name: string): Record<string, string>[] {
  const [head, ...lines] = gunzipSync(readFileSync(join(folder, `${name}.csv.gz`)))
    .toString("utf8")
    .trimEnd()
    .split("\n");
  const columns = head!.split(",");
  return lines.map((line) => {
    const cells = line.split(",");
    return Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? ""]));
  });
}
