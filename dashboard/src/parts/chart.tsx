/**
 * Charts by day, each with its figures as a table beside, for who reads rather than looks. Recharts is a third of all that a page
 * weighs: import this from pages that need it, by `lazy`.
 */
import { ChartColumn, Table2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Area, Bar, CartesianGrid, ComposedChart, ReferenceLine, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import { shortText } from "../text/quantity.ts";
import { Table } from "./table.tsx";

export interface Series {
  key: string;
  name: string;
}

export interface ChartProps {
  label: string;
  kind: "bars" | "area" | "steps";
  series: readonly Series[];
  /** One for each day or step: what stands under it, and a value by the key of each series. */
  points: readonly { at: string; words: string; values: Readonly<Record<string, number | string>> }[];
  /** Writes a value with all its digits. */
  write: (value: number | string) => string;
  /** Writes a value in short, for the axis; a plain number if not said. */
  axis?: (value: number) => string;
  /** A limit, drawn across. */
  line?: { at: number; words: string } | null;
  height?: number;
  atHead?: string;
  controls?: ReactNode;
}

const COLORS = ["var(--series-1)", "var(--series-2)", "var(--series-3)", "var(--series-4)", "var(--series-5)", "var(--series-6)"];
const TICK = { fill: "var(--ink-soft)", fontSize: 12 };

export default function Chart({
  label,
  kind,
  series,
  points,
  write,
  axis = shortText,
  line = null,
  height = 260,
  atHead = "Day",
  controls,
}: ChartProps) {
  const [asTable, setAsTable] = useState(false);
  // Coordinates are floating point; what is read is written from the exact value.
  const rows = points.map(({ words, values }) => ({
    words,
    ...Object.fromEntries(series.map(({ key }) => [key, Number(values[key] ?? 0)])),
  }));
  return (
    <div>
      {(series.length > 1 || controls) && (
        <div className="mb-3 flex flex-wrap items-center justify-between gap-3">
          <ul className="flex flex-wrap gap-x-4 gap-y-1 text-tiny text-ink-soft">
            {series.map(({ key, name }, index) => (
              <li key={key} className="flex items-center gap-1.5">
                <svg aria-hidden="true" className="size-2.5" viewBox="0 0 10 10">
                  <rect width="10" height="10" rx="2.5" fill={COLORS[index % COLORS.length]} />
                </svg>
                {name}
              </li>
            ))}
          </ul>
          {controls}
        </div>
      )}
      {asTable ? (
        <div className="max-h-96 overflow-y-auto rounded-control border border-line">
          <Table
            dense
            label={label}
            rows={[...points].reverse()}
            keyOf={(point) => point.at}
            columns={[
              { key: "at", head: atHead, cell: (point) => point.words },
              ...series.map(({ key, name }) => ({
                key,
                head: name,
                number: true,
                cell: (point: ChartProps["points"][number]) => write(point.values[key] ?? 0),
              })),
            ]}
          />
        </div>
      ) : (
        <figure aria-label={`${label}. The button after it shows the figures as a table.`} className="overflow-hidden text-small">
          <ResponsiveContainer width="100%" height={height}>
            <ComposedChart data={rows} margin={{ top: 8, right: 4, bottom: 0, left: 0 }} accessibilityLayer={false} barCategoryGap="22%">
              <CartesianGrid vertical={false} stroke="var(--line)" />
              <XAxis dataKey="words" tick={TICK} tickLine={false} axisLine={{ stroke: "var(--line-strong)" }} minTickGap={28} />
              <YAxis tick={TICK} tickLine={false} axisLine={false} width={52} tickFormatter={axis} />
              <Tooltip
                cursor={{ fill: "var(--sunken)", stroke: "var(--line-strong)" }}
                isAnimationActive={false}
                content={({ active, payload, label: words }) =>
                  active && payload && payload.length > 0 ? (
                    <div className="rounded-control border border-line bg-raised px-3 py-2 text-small shadow-high">
                      <p className="font-semibold">{words}</p>
                      {payload.map((item) => (
                        <p key={String(item.dataKey)} className="figures flex justify-between gap-4">
                          <span className="text-ink-soft">{series.find(({ key }) => key === item.dataKey)?.name}</span>
                          {write(points.find((point) => point.words === words)?.values[String(item.dataKey)] ?? 0)}
                        </p>
                      ))}
                    </div>
                  ) : null
                }
              />
              {line && (
                <ReferenceLine
                  y={line.at}
                  stroke="var(--bad)"
                  strokeDasharray="4 4"
                  ifOverflow="extendDomain"
                  label={{ value: line.words, position: "insideTopRight", fill: "var(--bad)", fontSize: 12 }}
                />
              )}
              {series.map(({ key }, index) =>
                kind === "bars" ? (
                  <Bar
                    key={key}
                    dataKey={key}
                    stackId="all"
                    fill={COLORS[index % COLORS.length]}
                    radius={index === series.length - 1 ? [3, 3, 0, 0] : 0}
                    maxBarSize={36}
                    isAnimationActive={false}
                  />
                ) : (
                  <Area
                    key={key}
                    dataKey={key}
                    type={kind === "steps" ? "stepAfter" : "monotone"}
                    stroke={COLORS[index % COLORS.length]}
                    strokeWidth={2}
                    fill={COLORS[index % COLORS.length]}
                    fillOpacity={0.14}
                    isAnimationActive={false}
                  />
                ),
              )}
            </ComposedChart>
          </ResponsiveContainer>
        </figure>
      )}
      <button
        type="button"
        className="mt-2 flex items-center gap-1.5 rounded py-1 text-tiny font-semibold text-ink-soft hover:text-ink"
        onClick={() => setAsTable(!asTable)}
      >
        {asTable ? <ChartColumn aria-hidden className="size-3.5" /> : <Table2 aria-hidden className="size-3.5" />}
        {asTable ? "As a chart" : "As a table"}
      </button>
    </div>
  );
}
