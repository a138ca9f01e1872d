// Reads sums of usage from D1, and the names that belong to the ids in them.
import { z } from "zod";
import { type UsageSums, usageSumsSchema, NO_USAGE } from "../../shared/accounting/report.ts";
import { buildDifferencesQuery } from "./differences-query.ts";
import type { Query } from "./usage-query.ts";

export type UsageRow = { key: string } & UsageSums;
export type NamedThings = "project" | "user" | "session";

export type UsageReader = {
  read(query: Query): Promise<UsageRow[]>;
  /** Names by id; an id without one is left out. */
  names(of: NamedThings, teamId: string, ids: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Sessions at rest whose two counts differ, those that differ most first. Hours as in 2026-11-21T19. */
  differences(teamId: string, userId: string | null, hours: { from: string; to: string }): Promise<Difference[]>;
  /** Rows of before that instant, so many at most; how many went. */
  removeRows(before: string, limit: number): Promise<number>;
  /** Sums by the hour and session of before that hour. */
  removeHours(before: string, limit: number): Promise<number>;
};

export type Difference = { session_id: string; cost_usd: number; reported_cost_usd: number };

const rowSchema = usageSumsSchema.extend({ key: z.string() });

const NAMES: Record<NamedThings, string> = {
  project: "SELECT id, name FROM projects WHERE team_id = ? AND id IN (SELECT value FROM json_each(?))",
  user: `SELECT users.id AS id, display_name AS name FROM users JOIN memberships ON memberships.user_id = users.id
    WHERE memberships.team_id = ? AND users.id IN (SELECT value FROM json_each(?))`,
  session: "SELECT id, title AS name FROM sessions WHERE team_id = ? AND id IN (SELECT value FROM json_each(?))",
};

/** Team by team, so that each is a search of an index that reports need anyway. */
const removal = (table: string, time: string): string =>
  `DELETE FROM ${table} WHERE rowid IN
    (SELECT u.rowid FROM teams t CROSS JOIN ${table} u WHERE u.team_id = t.id AND u.${time} < ? LIMIT ?)`;

export function createUsageReader(database: D1Database): UsageReader {
  const remove = async (sql: string, before: string, limit: number): Promise<number> =>
    (await database.prepare(sql).bind(before, limit).run()).meta.changes;
  return {
    async read({ sql, bindings }) {
      const { results } = await database
        .prepare(sql)
        .bind(...bindings)
        .all();
      return results.map((row) => rowSchema.parse({ ...NO_USAGE, ...row }));
    },
    async names(of, teamId, ids) {
      if (ids.length === 0) return new Map();
      const { results } = await database
        .prepare(NAMES[of])
        .bind(teamId, JSON.stringify(ids))
        .all<{ id: string; name: string }>();
      return new Map(results.map(({ id, name }) => [id, name]));
    },
    async differences(teamId, userId, hours) {
      const { sql, bindings } = buildDifferencesQuery(teamId, userId, hours);
      const { results } = await database
        .prepare(sql)
        .bind(...bindings)
        .all<Difference>();
      return results;
    },
    removeRows: (before, limit) => remove(removal("model_usage", "occurred_at"), before, limit),
    removeHours: (before, limit) => remove(removal("usage_hourly", "hour"), before, limit),
  };
}
