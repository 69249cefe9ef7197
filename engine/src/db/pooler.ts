/** A pooler in front of the database: whether it makes connections as the engine needs them. */
import { APP_ROLE, onPlatform, type Pool } from "./pool.ts";
import { PLATFORM } from "./scope.ts";

/** What the pooler runs on each connection that it makes (PgBouncer: `connect_query`), before anybody has it. */
export const CONNECT_QUERY = `set role ${APP_ROLE}; set timezone = 'UTC'; set datestyle = 'ISO'; select set_config('billwright.tenant', '${PLATFORM}', false)`;

interface Session {
  who: string;
  tenant: string | null;
  zone: string;
  dates: string;
}

/** Throws where policies would not hold, or times be read in another zone: nothing else would say so. */
export async function checkPooler(pool: Pool): Promise<void> {
  const [session] = await onPlatform(pool).query<Session>(
    `/* no tenant: of the connection */
     select current_user::text as who, current_setting('billwright.tenant', true) as tenant, current_setting('TimeZone') as zone, current_setting('DateStyle') as dates`,
  );
  const { who, tenant, zone, dates } = session!;
  if (who === APP_ROLE && tenant === PLATFORM && zone === "UTC" && dates.startsWith("ISO")) return;
  throw new Error(
    `The pooler of DATABASE_URL makes connections as ${who} (time zone ${zone}, ${dates}). It must run on each: ${CONNECT_QUERY} (see docs/scaling.md).`,
  );
}
