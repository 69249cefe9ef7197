/**
 * What must hold of usage: the rollups of each meter are what its events give, read by the definition that fills them. As
 * statements whose rows say what is expected and what is found; $1 is the one tenant to look at, null for all.
 */
import type { Database } from "../../db/pool.ts";
import type { MeterDocument } from "../catalog/document.ts";
import type { Meter } from "../catalog/meter.ts";
import { parseMeter } from "../catalog/parse.ts";
import { readItems } from "../catalog/store.ts";
import { isDecomposable } from "./aggregate.ts";
import { eventsOf, PARTIAL } from "./quantity-store.ts";
import { definitionOf } from "./register-meters.ts";

/** `sample`: hours of tenants that lie on some pages of the events and of the rollups, picked by chance among all tenants'. */
export type Extent = "sample" | "all";

export async function usageChecks(db: Database, tenantId: string | null, extent: Extent) {
  const items = (await readItems(db)).filter((item) => item.kind === "meter");
  const meters = items.map((item) =>
    parseMeter({
      no: item.no,
      body: item.body as unknown as MeterDocument,
      archived: item.archived_at !== null,
      used: item.used_at !== null,
    }),
  );
  // Values that must be told apart have no rollups.
  const rolled = meters.filter((meter) => isDecomposable(meter.aggregation));
  return [definitions(meters, tenantId), ...rolled.map((meter) => rollups(meter, tenantId, extent))];
}

function definitions(meters: readonly Meter[], tenantId: string | null) {
  return {
    name: "usage.meters",
    says: "the rollups of a meter are made by its definition of today",
    text: `
select $1::text as tenant_id, c.key as subject, c.definition as expected, coalesce(m.definition, 'none') as found
from unnest($2::int[], $3::text[], $4::text[]) as c (meter_no, key, definition)
left join usage_meters m on m.meter_no = c.meter_no`,
    values: [tenantId, meters.map((meter) => meter.no), meters.map((meter) => meter.key), meters.map(definitionOf)],
  };
}

const SAMPLED_BYTES = "1048576.0";
const share = (table: string) => `least(100, 100 * ${SAMPLED_BYTES} / greatest(pg_relation_size('${table}'), 1))`;

function rollups(meter: Meter, tenantId: string | null, extent: Extent) {
  const values: unknown[] = [tenantId, meter.no, meter.key];
  const sampled = extent === "sample" && tenantId === null;
  const slots = `
slots as materialized (
  select tenant_no, floor(extract(epoch from at) / 3600)::int as hour from usage_events tablesample system (${share("usage_events")})
  union
  select tenant_no, hour from usage_rollups tablesample system (${share("usage_rollups")}) where meter_no = $2
),`;
  // Events from before the meter are read raw until they are backfilled, and stand in no rollup.
  const rolled = "e.seq >= (select rolled_from from usage_meters where meter_no = $2)";
  const events = sampled
    ? `(select e.* from slots s join usage_events e on e.tenant_no = s.tenant_no
          and e.at >= timestamptz 'epoch' + make_interval(hours => s.hour) and e.at < timestamptz 'epoch' + make_interval(hours => s.hour + 1)
        where $1::text is null and ${rolled}) e`
    : `(select e.* from usage_events e where ${rolled} and ($1::text is null or e.tenant_no = (select no from tenants where id = $1))) e`;
  const read = eventsOf(
    { meter, filters: {}, except: [], groupBy: meter.groupBy },
    events,
    "e.tenant_no, floor(extract(epoch from e.at) / 3600)::int as hour",
    values,
  );
  const groups = meter.groupBy.map((name) => `nullif(r.group_key, '')::jsonb ->> $${values.push(name)}::text`);
  return {
    name: `usage.${meter.key}`,
    says: `hours of ${meter.key} are what their events give`,
    text: `
with ${sampled ? slots : ""}
raw as (select tenant_no, hour, grouped, ${PARTIAL} from (${read}) r group by tenant_no, hour, grouped),
kept as (
  select r.tenant_no, r.hour, array[${groups.join(", ")}]::text[] as grouped, r.n, r.total, r.low, r.high, r.latest, r.latest_us, r.latest_seq, r.moment
  from usage_rollups r
  where r.meter_no = $2 and ${
    sampled
      ? "(r.tenant_no, r.hour) in (select tenant_no, hour from slots)"
      : "($1::text is null or r.tenant_no = (select no from tenants where id = $1))"
  }
)
select t.id as tenant_id,
  concat_ws(' ', $3::text, to_char(timestamptz 'epoch' + make_interval(hours => hour), 'YYYY-MM-DD"T"HH24"Z"'), array_to_string(grouped, ' ', '-')) as subject,
  ${stateWords(meter, "raw")} as expected, ${stateWords(meter, "kept")} as found
from raw full join kept using (tenant_no, hour, grouped) left join tenants t on t.no = tenant_no`,
    values,
  };
}

/** What a row keeps, without the zeros that a sum of decimals may end in. */
function stateWords({ aggregation }: Meter, row: "raw" | "kept"): string {
  const timed = aggregation === "latest" || aggregation === "weighted_sum";
  const part = (word: string, column: string, exact = false) =>
    `'${word} ' || ${exact ? `${row}.${column}` : `trim_scale(${row}.${column})`}`;
  const parts = [
    part("n", "n", true),
    part("sum", "total"),
    part("least", "low"),
    part("most", "high"),
    ...(timed ? [part("latest", "latest"), part("at", "latest_us", true), part("seq", "latest_seq", true), part("moment", "moment")] : []),
  ];
  return `case when ${row}.n is null then 'nothing' else concat_ws(', ', ${parts.join(", ")}) end`;
}
