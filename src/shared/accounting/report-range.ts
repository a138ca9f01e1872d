// Which time a report is about: local days of a time zone as instants, and how they are made up of stored sums.

export type Instants = { from: string; to: string };
/** A local day: its date, and from when to when it lasts; days of 23 and 25 hours included. */
export type LocalDay = Instants & { date: string };

/** Zones are a whole number of quarters away from UTC. */
const QUARTER_MS = 15 * 60 * 1000;
const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;
/** No zone is further than this from UTC. */
const MAX_OFFSET_MS = 15 * HOUR_MS;

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name }).format();
    return true;
  } catch {
    return false;
  }
}

/** The last `days` local days, today included. */
export function lastDays(days: number, timeZone: string, nowMs: number): LocalDay[] {
  const dateAt = localDates(timeZone);
  const today = dateAt(nowMs);
  const dates = Array.from({ length: days }, (_, back) => shiftDate(today, back + 1 - days));
  return daysOf(dates, timeZone);
}

/** All local days from one date to another, both included. */
export function daysBetween(first: string, last: string, timeZone: string): LocalDay[] {
  const count = Math.round((Date.parse(last) - Date.parse(first)) / DAY_MS) + 1;
  const dates = Array.from({ length: Math.max(0, count) }, (_, index) => shiftDate(first, index));
  return daysOf(dates, timeZone);
}

function daysOf(dates: string[], timeZone: string): LocalDay[] {
  const begins = beginnings(timeZone);
  const starts = [...dates, ...dates.slice(-1).map((date) => shiftDate(date, 1))].map(begins);
  return dates.map((date, index) => ({ date, from: iso(starts[index] ?? 0), to: iso(starts[index + 1] ?? 0) }));
}

/** The first instant whose local date is that date, or a later one where the date was left out. */
function beginnings(timeZone: string): (date: string) => number {
  const dateAt = localDates(timeZone);
  return (date) => {
    const utc = Date.parse(date);
    let [before, at] = [utc - MAX_OFFSET_MS, utc + MAX_OFFSET_MS];
    while (at - before > QUARTER_MS) {
      const middle = before + Math.floor((at - before) / QUARTER_MS / 2) * QUARTER_MS;
      if (dateAt(middle) >= date) at = middle;
      else before = middle;
    }
    return at;
  };
}

function localDates(timeZone: string): (ms: number) => string {
  const format = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  return (ms) => format.format(ms);
}

function shiftDate(date: string, days: number): string {
  return iso(Date.parse(date) + days * DAY_MS).slice(0, 10);
}

/** Parts of a stretch of time by what they are read from; `key` names what they belong to. */
export type RangeParts = { rows: Part[]; hours: Part[]; days: Part[] };
export type Part = Instants & { key: string };

/**
 * Whole hours are read from the sums by hour, whole days in UTC from those by day (where `wholeDays`), and the rest,
 * which is less than an hour at each end, from the rows.
 */
export function splitRange({ from, to }: Instants, key: string, wholeDays: boolean): RangeParts {
  const [start, end] = [Date.parse(from), Date.parse(to)];
  const hours = inner(start, end, HOUR_MS);
  if (hours === null) return { rows: parts(key, [start, end]), hours: [], days: [] };
  const days = wholeDays ? inner(hours[0], hours[1], DAY_MS) : null;
  const rows = parts(key, [start, hours[0]], [hours[1], end]);
  if (days === null) return { rows, hours: parts(key, hours), days: [] };
  return { rows, hours: parts(key, [hours[0], days[0]], [days[1], hours[1]]), days: parts(key, days) };
}

/** From the first whole unit to the last; null when there is none. */
function inner(start: number, end: number, unit: number): [number, number] | null {
  const [first, last] = [Math.ceil(start / unit) * unit, Math.floor(end / unit) * unit];
  return first < last ? [first, last] : null;
}

function parts(key: string, ...ranges: [number, number][]): Part[] {
  return ranges.filter(([from, to]) => from < to).map(([from, to]) => ({ key, from: iso(from), to: iso(to) }));
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
