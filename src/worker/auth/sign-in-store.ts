// How often the sign-in code was guessed wrong, in D1, counted in one statement.
import { eq, sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { signInAttempts } from "../db/schema.ts";
import type { GuessCounter } from "./sign-in-policy.ts";

const LOCK_ID = "local";

export function createSignInStore(db: Database): GuessCounter {
  return {
    async countGuess(nowMs, windowMs) {
      const windowEndsAtMs = nowMs + windowMs;
      const isOver = sql`${signInAttempts.windowEndsAtMs} <= ${nowMs}`;
      const row = await db
        .insert(signInAttempts)
        .values({ id: LOCK_ID, failures: 1, windowEndsAtMs })
        .onConflictDoUpdate({
          target: signInAttempts.id,
          set: {
            failures: sql`case when ${isOver} then 1 else ${signInAttempts.failures} + 1 end`,
            windowEndsAtMs: sql`case when ${isOver} then ${windowEndsAtMs} else ${signInAttempts.windowEndsAtMs} end`,
          },
        })
        .returning({ failures: signInAttempts.failures })
        .get();
      return row.failures;
    },
    async forgetGuesses() {
      await db.delete(signInAttempts).where(eq(signInAttempts.id, LOCK_ID));
    },
  };
}
