// People, teams and who is a member of which, in D1.
import { asc, eq, sql } from "drizzle-orm";
import { ROLES, type Principal } from "../../shared/teams/principal.ts";
import type { Database } from "../db/client.ts";
import { memberships, teams, users } from "../db/schema.ts";

export type PrincipalStore = {
  /** The person in the team that they act for; null when they are in none (any more). Read on every request. */
  readPrincipal(userId: string): Promise<Principal | null>;
  /** The one local developer, made with a team of their own at the first sign-in. */
  ensureLocalUser(): Promise<string>;
  /** That developer; null before the first sign-in. */
  readLocalPrincipal(): Promise<Principal | null>;
};

export type PrincipalStoreOptions = { db: Database; newId: () => string; now: () => Date };

export function createPrincipalStore(options: PrincipalStoreOptions): PrincipalStore {
  const { db } = options;
  // Built once: it runs on every call.
  const membershipQuery = db
    .select({ team_id: memberships.teamId, role: memberships.role, version: teams.configurationVersion })
    .from(memberships)
    .innerJoin(teams, eq(teams.id, memberships.teamId))
    .where(eq(memberships.userId, sql.placeholder("userId")))
    .orderBy(asc(memberships.createdAt))
    .limit(1)
    .prepare();
  const readPrincipal = async (userId: string): Promise<Principal | null> => {
    const row = await membershipQuery.get({ userId });
    if (row === undefined || !ROLES.includes(row.role)) return null;
    return { user_id: userId, team_id: row.team_id, role: row.role, configuration_version: row.version };
  };
  return {
    readPrincipal,
    async readLocalPrincipal() {
      const userId = await findLocalUser(db);
      return userId === null ? null : readPrincipal(userId);
    },
    async ensureLocalUser() {
      const existing = await findLocalUser(db);
      if (existing !== null) return existing;
      try {
        return await insertLocalUser(options);
      } catch (error) {
        // Two sign-ins at once: the index on the local kind lets one of them through, whole.
        const winner = await findLocalUser(db);
        if (winner === null) throw error;
        return winner;
      }
    },
  };
}

async function findLocalUser(db: Database): Promise<string | null> {
  const row = await db.select({ id: users.id }).from(users).where(eq(users.kind, "local")).get();
  return row?.id ?? null;
}

async function insertLocalUser(options: PrincipalStoreOptions): Promise<string> {
  const { db, newId } = options;
  const [userId, teamId, createdAt] = [newId(), newId(), options.now().toISOString()];
  await db.batch([
    db.insert(users).values({ id: userId, kind: "local", displayName: "Local developer", createdAt }),
    db.insert(teams).values({ id: teamId, name: "Local team", createdAt }),
    db.insert(memberships).values({ teamId, userId, role: "owner", createdAt }),
  ]);
  return userId;
}
