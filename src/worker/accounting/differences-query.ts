// The SQL that finds sessions at rest whose two counts differ: what the gateway counted, and what Claude Code reported.
import type { Query } from "./usage-query.ts";

const MAX_DIFFERENCES = 20;

/** Hours as in 2026-11-21T19. What works is counted as it goes and reported when its turn ends: it is left out. */
export function buildDifferencesQuery(
  teamId: string,
  userId: string | null,
  { from, to }: { from: string; to: string },
): Query {
  const person = userId === null ? { sql: "", bindings: [] } : { sql: "AND user_id = ?", bindings: [userId] };
  // To 0.1 %, and to less than a request of the cheapest model: rounding is no difference.
  const sql = `SELECT session_id, sum(cost_usd) AS cost_usd, sum(reported_cost_usd) AS reported_cost_usd
    FROM usage_hourly WHERE team_id = ? AND hour >= ? AND hour < ? ${person.sql}
      AND session_id NOT IN (SELECT session_id FROM session_processes WHERE team_id = ?)
    GROUP BY session_id
    HAVING sum(unpriced_requests) = 0
      AND abs(sum(cost_usd) - sum(reported_cost_usd)) > max(0.00001, 0.001 * max(sum(cost_usd), sum(reported_cost_usd)))
    ORDER BY abs(sum(cost_usd) - sum(reported_cost_usd)) DESC LIMIT ${MAX_DIFFERENCES}`;
  return { sql, bindings: [teamId, from, to, ...person.bindings, teamId] };
}
