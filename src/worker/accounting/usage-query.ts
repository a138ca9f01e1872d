// The SQL of a report: rows, sums by hour and sums by day, each for its part of the time, added up by group.
import { canonicalModel } from "../../shared/accounting/price-list.ts";
import type { Part, RangeParts } from "../../shared/accounting/report-range.ts";
import { SUM_NAMES, type UsageFilters, type UsageGroup } from "../../shared/accounting/report.ts";

export type UsageQuestion = {
  teamId: string;
  /** Whose usage alone; null for the whole team's. */
  userId: string | null;
  /** `all` puts everything together, `line` nothing: its key is [day, person, project, agent, model]. */
  group: UsageGroup | "all" | "line";
  filters: UsageFilters;
  parts: RangeParts;
  /** The last key of the page before, for what comes in pages: a day, or lines, in the order of their keys. */
  after?: string;
};
export type Query = { sql: string; bindings: (string | number)[] };

type Source = { table: string; time: string; timeLength: number; agent: string };

const ROWS: Source = { table: "model_usage", time: "occurred_at", timeLength: 24, agent: "coalesce(u.agent_id, '')" };
const HOURS: Source = { table: "usage_hourly", time: "hour", timeLength: 13, agent: "u.agent_id" };
const TEAM_HOURS: Source = { ...HOURS, table: "usage_team_hourly" };
const DAYS: Source = { table: "usage_daily", time: "day", timeLength: 10, agent: "u.agent_id" };

/** The sums by hour without persons, projects and sessions do for what asks for none of them. */
export function asksForTeamAlone({ userId, group, filters }: Omit<UsageQuestion, "parts">): boolean {
  const { model: _model, ...others } = filters;
  const isPlain = Object.values(others).every((value) => value === undefined);
  return userId === null && isPlain && ["day", "model", "all"].includes(group);
}

export function asksForSessions({ group, filters }: Pick<UsageQuestion, "group" | "filters">): boolean {
  return group === "session" || filters.session_id !== undefined;
}

export function buildUsageQuery(question: UsageQuestion, limit: number): Query {
  const { after } = question;
  const { rows, hours, days } = question.parts;
  const selects = [
    select(question, ROWS, rows),
    select(question, asksForTeamAlone(question) ? TEAM_HOURS : HOURS, hours),
    select(question, DAYS, days),
  ].filter((one) => one !== null);
  const isInOrder = question.group === "day" || question.group === "line";
  const order = isInOrder ? "key" : "cost_usd DESC, requests DESC, key";
  const from = after === undefined ? { sql: "", bindings: [] } : { sql: "WHERE key > ?", bindings: [after] };
  return {
    sql: `SELECT * FROM (${addUp(selects)}) ${from.sql} ORDER BY ${order} LIMIT ?`,
    bindings: [...selects.flatMap(({ bindings }) => bindings), ...from.bindings, limit],
  };
}

/** A single part is added up already. */
function addUp(selects: readonly Query[]): string {
  const [first, ...others] = selects.map(({ sql }) => sql);
  if (first === undefined) return "SELECT '' AS key, 0 AS cost_usd, 0 AS requests WHERE 0";
  if (others.length === 0) return first;
  const sums = SUM_NAMES.map((name) => `sum(${name}) AS ${name}`).join(", ");
  return `SELECT key, ${sums} FROM (${[first, ...others].join(" UNION ALL ")}) GROUP BY key`;
}

/** The parts come first and name a range each, so that every part is one search of the table's key. */
function select({ teamId, userId, group, filters }: UsageQuestion, source: Source, parts: Part[]): Query | null {
  if (parts.length === 0) return null;
  const cut = (iso: string): string => iso.slice(0, source.timeLength);
  const ranges = parts.map(({ key, from, to }) => ({ key, from: cut(from), to: cut(to) }));
  const conditions = conditionsOf(source, userId, filters);
  return {
    sql: `SELECT ${keyOf(group, source)} AS key, ${sumsOf(source)}
      FROM json_each(?) p CROSS JOIN ${source.table} u
      WHERE u.team_id = ? AND u.${source.time} >= p.value ->> 'from' AND u.${source.time} < p.value ->> 'to'
      ${conditions.map(({ sql }) => `AND ${sql}`).join(" ")} GROUP BY 1`,
    bindings: [JSON.stringify(ranges), teamId, ...conditions.map(({ value }) => value)],
  };
}

function keyOf(group: UsageQuestion["group"], { agent }: Source): string {
  if (group === "all") return "''";
  if (group === "day") return "p.value ->> 'key'";
  if (group === "agent") return agent;
  if (group === "line") return `json_array(p.value ->> 'key', u.user_id, u.project_id, ${agent}, u.model)`;
  return group === "model" ? "u.model" : `u.${group}_id`;
}

function sumsOf({ table }: Source): string {
  const ofRows: Record<string, string> = {
    cost_usd: "coalesce(u.cost_usd, 0)",
    reported_cost_usd: "coalesce(u.reported_cost_usd, 0)",
    unpriced_requests: "iif(u.cost_usd IS NULL, u.requests, 0)",
  };
  const column = (name: string): string => (table === ROWS.table ? ofRows[name] : undefined) ?? `u.${name}`;
  return SUM_NAMES.map((name) => `sum(${column(name)}) AS ${name}`).join(", ");
}

function conditionsOf(source: Source, userId: string | null, filters: UsageFilters) {
  const columns = [
    ["u.user_id", userId],
    ["u.user_id", filters.user_id],
    ["u.project_id", filters.project_id],
    ["u.model", filters.model === undefined ? undefined : canonicalModel(filters.model)],
    ["u.session_id", filters.session_id],
    [source.agent, filters.agent_id],
  ] as const;
  return columns.flatMap(([column, value]) =>
    value === null || value === undefined ? [] : [{ sql: `${column} = ?`, value }],
  );
}
