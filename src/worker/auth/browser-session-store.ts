// Signed-in browsers in D1, by the SHA-256 of what their cookie holds.
import { and, eq, gt, lte } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { browserSessions, users } from "../db/schema.ts";
import type { BrowserSessionStore } from "./browser-session.ts";

export function createBrowserSessionStore(db: Database): BrowserSessionStore & { sweep(nowMs: number): Promise<void> } {
  return {
    async insert(session) {
      await db.insert(browserSessions).values(session);
    },
    async find(sha256, nowMs) {
      const row = await db
        .select({ userId: browserSessions.userId, displayName: users.displayName })
        .from(browserSessions)
        .innerJoin(users, eq(users.id, browserSessions.userId))
        .where(and(eq(browserSessions.sha256, sha256), gt(browserSessions.expiresAtMs, nowMs)))
        .get();
      return row ?? null;
    },
    async remove(sha256) {
      await db.delete(browserSessions).where(eq(browserSessions.sha256, sha256));
    },
    async sweep(nowMs) {
      await db.delete(browserSessions).where(lte(browserSessions.expiresAtMs, nowMs));
    },
  };
}
