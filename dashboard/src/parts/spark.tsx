/** Bars of a series without axes, for a first glance: drawn here, so that no chart library is fetched for it. */
interface Props {
  /** What it shows, for who cannot see it. */
  label: string;
  values: readonly number[];
  className?: string;
}

export function Spark({ label, values, className }: Props) {
  const top = Math.max(...values, 0);
  const step = 100 / Math.max(values.length, 1);
  const height = (value: number) => (top === 0 ? 0 : Math.max((value / top) * 23, value > 0 ? 0.6 : 0));
  return (
    <svg role="img" aria-label={label} viewBox="0 0 100 24" preserveAspectRatio="none" className={className}>
      <path
        d={values.map((value, index) => bar(index * step + step * 0.12, step * 0.76, height(value))).join("")}
        className="fill-accent"
      />
      <line x1="0" x2="100" y1="23.900" y2="23.900" className="stroke-line-strong" strokeWidth="0.25" />
    </svg>
  );
}

function bar(left: number, width: number, height: number): string {
  return height === 0 ? "" : `M${left} 24v${-height}h${width}v${height}z`;
}
