/** A chart that is fetched when it is first shown, in the place that it will take. */
import { lazy, Suspense } from "react";
import type { ChartProps } from "./chart.tsx";
import { Loading } from "./states.tsx";

const Chart = lazy(() => import("./chart.tsx"));

export function LazyChart(props: ChartProps) {
  return (
    <Suspense fallback={<Loading lines={6} className="min-h-75" />}>
      <Chart {...props} />
    </Suspense>
  );
}
