// How each MCP server was last found, in D1.
import { and, eq } from "drizzle-orm";
import type { Place } from "../../shared/configuration/place.ts";
import type { ServerProblem } from "../../shared/mcp-servers/server-test.ts";
import type { Database } from "../db/client.ts";
import { mcpServerHealth } from "../db/mcp-server-schema.ts";

export type Health = {
  last_ok_at: string | null;
  last_failed_at: string | null;
  problem: string | null;
  tools: number | null;
};

type At = { team_id: string; place: Place; name: string };

export type HealthStore = {
  at(teamId: string, place: Place): Promise<Map<string, Health>>;
  ok(at: At, tools: number | null): Promise<void>;
  failed(at: At, problem: ServerProblem): Promise<void>;
  remove(at: At): Promise<void>;
};

export function createHealthStore({ db, now }: { db: Database; now: () => Date }): HealthStore {
  const write = async ({ team_id, place, name }: At, set: Partial<typeof mcpServerHealth.$inferInsert>) => {
    const key = { teamId: team_id, scope: place.scope, scopeId: place.scope_id, server: name };
    const { teamId, scope, scopeId, server } = mcpServerHealth;
    const target = [teamId, scope, scopeId, server];
    await db
      .insert(mcpServerHealth)
      .values({ ...key, ...set })
      .onConflictDoUpdate({ target, set });
  };
  return {
    async at(teamId, place) {
      const rows = await db.select().from(mcpServerHealth).where(placed(teamId, place));
      return new Map(rows.map((row) => [row.server, toHealth(row)]));
    },
    ok: (at, tools) =>
      write(at, { lastOkAt: now().toISOString(), errorClass: null, ...(tools === null ? {} : { tools }) }),
    failed: (at, problem) => write(at, { lastFailedAt: now().toISOString(), errorClass: problem }),
    async remove({ team_id, place, name }) {
      await db.delete(mcpServerHealth).where(and(placed(team_id, place), eq(mcpServerHealth.server, name)));
    },
  };
}

function placed(teamId: string, { scope, scope_id }: Place) {
  return and(
    eq(mcpServerHealth.teamId, teamId),
    eq(mcpServerHealth.scope, scope),
    eq(mcpServerHealth.scopeId, scope_id),
  );
}

function toHealth(row: typeof mcpServerHealth.$inferSelect): Health {
  return {
    last_ok_at: row.lastOkAt,
    last_failed_at: row.lastFailedAt,
    problem: row.errorClass,
    tools: row.tools,
  };
}
