// Sign-ins that are under way, in D1: from our page to the authorization server and back, once.
import { eq, lt } from "drizzle-orm";
import { placeSchema } from "../../../shared/configuration/place.ts";
import type { Database } from "../../db/client.ts";
import { mcpSignIns } from "../../db/mcp-server-schema.ts";
import type { Sealer } from "../../secrets/sealer.ts";
import type { ServerKey } from "../server-key.ts";
import { parseSealed, type SignInState, signInStateSchema } from "./connection-state.ts";

export type PendingSignIn = { key: ServerKey; url: string; state: SignInState };

export type SignInStateStore = {
  begin(stateSha256: string, pending: PendingSignIn): Promise<void>;
  /** Uses it up. Null for one that is not there, or too old. */
  take(stateSha256: string): Promise<PendingSignIn | null>;
};

export type SignInStateStoreOptions = { db: Database; sealer: Sealer; now: () => Date };

const OPEN_FOR_MS = 10 * 60_000;

export function createSignInStateStore({ db, sealer, now }: SignInStateStoreOptions): SignInStateStore {
  return {
    async begin(stateSha256, { key, url, state }) {
      const sealed = await sealer.seal(JSON.stringify(state), ["sign-in", stateSha256]);
      const expiresAt = new Date(now().getTime() + OPEN_FOR_MS).toISOString();
      const { scope, scope_id: scopeId } = key.place;
      const whose = { teamId: key.team_id, userId: key.user_id, scope, scopeId, server: key.name };
      await db.batch([
        db.delete(mcpSignIns).where(lt(mcpSignIns.expiresAt, now().toISOString())),
        db.insert(mcpSignIns).values({ stateSha256, ...whose, url, sealed, expiresAt }),
      ]);
    },
    async take(stateSha256) {
      const [row] = await db.delete(mcpSignIns).where(eq(mcpSignIns.stateSha256, stateSha256)).returning();
      if (row === undefined || row.expiresAt <= now().toISOString()) return null;
      const opened = await sealer.open(row.sealed, ["sign-in", stateSha256]);
      const state = parseSealed(signInStateSchema, opened);
      if (state === null) return null;
      const place = placeSchema.parse({ scope: row.scope, scope_id: row.scopeId });
      return { key: { team_id: row.teamId, user_id: row.userId, place, name: row.server }, url: row.url, state };
    },
  };
}
