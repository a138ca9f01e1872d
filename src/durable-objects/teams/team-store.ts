// Which team this object is: told by the first request, because an alarm brings no name along.
import type { ObjectSql } from "../sql/migrate.ts";

export const TEAM_SCHEMA = "CREATE TABLE team (id INTEGER PRIMARY KEY CHECK (id = 1), team_id TEXT NOT NULL);";

export type TeamStore = {
  identify(teamId: string): void;
  /** Null before the first request. */
  teamId(): string | null;
};

export function createTeamStore(sql: ObjectSql): TeamStore {
  return {
    identify(teamId) {
      sql.exec("INSERT OR IGNORE INTO team (id, team_id) VALUES (1, ?)", teamId);
    },
    teamId: () => sql.exec<{ team_id: string }>("SELECT team_id FROM team").toArray()[0]?.team_id ?? null,
  };
}
