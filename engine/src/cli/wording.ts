/** How dates and names are written on a terminal. */
import { civilFromDays, DAY } from "../billing/time/civil.ts";
import { parseInstant } from "../billing/time/instant.ts";
import { toWall } from "../billing/time/zone.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A date on the tenant's own calendar: 1 Sep, or 1 Sep 2026. */
export function localDate(instant: string, timeZone: string, withYear = false): string {
  const { year, month, day } = civilFromDays(Math.floor(toWall(timeZone, parseInstant(instant)!) / DAY));
  return `${day} ${MONTHS[month - 1]}${withYear ? ` ${year}` : ""}`;
}

/** A name that fits. */
export function cut(text: string, width: number): string {
  const letters = [...text.normalize("NFC")];
  return letters.length <= width ? letters.join("") : `${letters.slice(0, width - 1).join("")}…`;
}
