/** How much of something is used: the figure first, the bar for the eye. */
import { classes } from "./classes.ts";

export function MeterBar({ share, label }: { share: number | null; label: string }) {
  const percent = share === null ? 0 : Math.min(100, Math.max(0, share * 100));
  const tone = share !== null && share >= 1 ? "fill-bad" : share !== null && share >= 0.8 ? "fill-warn" : "fill-accent";
  return (
    // biome-ignore lint/a11y/useSemanticElements: browsers draw a meter element each in their own way
    <div
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(percent)}
      aria-valuetext={share === null ? "without a limit" : `${Math.round(share * 100)} %`}
      className="h-1.5 overflow-hidden rounded-full bg-sunken"
    >
      <svg
        aria-hidden="true"
        className={classes("block h-full w-full", share === null ? "fill-line-strong" : tone)}
        preserveAspectRatio="none"
        viewBox="0 0 100 1"
      >
        <rect width={share === null ? 0 : Math.max(percent, percent > 0 ? 1 : 0)} height="1" />
      </svg>
    </div>
  );
}
