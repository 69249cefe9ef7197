/** Instants as people read them, in the time zone of who is billed: a period that ends at their midnight ends on the day before. */

export interface TimeText {
  zone: string;
  /** `1 Oct 2026`. */
  date(instant: string): string;
  /** `1 Oct`. */
  day(instant: string): string;
  /** `October 2026`. */
  month(instant: string): string;
  /** `1 Oct 2026, 14:05`. */
  dateTime(instant: string): string;
  /** `14:05`. */
  time(instant: string): string;
  /** `1 – 31 Oct 2026`: the end is not part of the period. */
  period(start: string, end: string): string;
  /** `2026-10-01`, for a date field. */
  iso(instant: string): string;
  /** The instant at which a day begins here: `2026-10-01` of a zone. */
  midnight(day: string): string;
}

const cache = new Map<string, TimeText>();

/** An unknown zone is UTC, as it is to the engine. */
export function timeText(zone: string | null | undefined): TimeText {
  const wanted = zone ?? "UTC";
  let text = cache.get(wanted);
  if (!text) {
    text = make(isZone(wanted) ? wanted : "UTC");
    cache.set(wanted, text);
  }
  return text;
}

function make(zone: string): TimeText {
  const format = (options: Intl.DateTimeFormatOptions) => {
    const made = new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options });
    // The one month that en-GB shortens to four letters.
    return (instant: string) => made.format(new Date(instant)).replace("Sept ", "Sep ").replace(/Sept$/, "Sep");
  };
  const date = format({ day: "numeric", month: "short", year: "numeric" });
  const day = format({ day: "numeric", month: "short" });
  const month = format({ month: "long", year: "numeric" });
  const time = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const iso = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
  return {
    zone,
    date,
    day,
    month,
    time,
    dateTime: (instant) => `${date(instant)}, ${time(instant)}`,
    period: (start, end) => {
      const last = new Date(Math.max(Date.parse(end) - 1, Date.parse(start))).toISOString();
      const [from, to] = [date(start), date(last)];
      if (from === to) return to;
      const sameYear = from.slice(-4) === to.slice(-4);
      const sameMonth = sameYear && from.split(" ")[1] === to.split(" ")[1];
      return `${sameMonth ? from.split(" ")[0] : sameYear ? day(start) : from} – ${to}`;
    },
    iso: (instant) => iso.format(new Date(instant)),
    midnight: (wanted) => {
      // Found by trying: offsets are whole quarters of an hour, at most 14 hours to the east.
      let at = Date.parse(`${wanted}T00:00:00Z`) - 14 * 3_600_000;
      while (iso.format(new Date(at)) < wanted) at += 900_000;
      return new Date(at).toISOString();
    },
  };
}

function isZone(zone: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: zone }));
  } catch {
    return false;
  }
}

const DAY = 86_400_000;

/** `today`, `tomorrow`, `in 5 days`, `3 days ago`, `in 2 months`: by the calendar days of the zone. */
export function fromNow(instant: string, now: string, { iso }: TimeText): string {
  const days = Math.round((Date.parse(`${iso(instant)}T00:00:00Z`) - Date.parse(`${iso(now)}T00:00:00Z`)) / DAY);
  if (days === 0) return "today";
  if (days === 1) return "tomorrow";
  if (days === -1) return "yesterday";
  const [count, unit] = Math.abs(days) < 60 ? [Math.abs(days), "day"] : [Math.round(Math.abs(days) / 30.4), "month"];
  const words = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return days > 0 ? `in ${words}` : `${words} ago`;
}
