// Looks at sign-in codes, and tells the team's audit log of those that were refused.
import type { Principal } from "../../shared/teams/principal.ts";
import type { AuditRecorder } from "../audit/audit-recorder.ts";
import { type GuessCounter, judgeSignIn, MAX_GUESSES, type SignInVerdict } from "./sign-in-policy.ts";

export type SignIns = {
  /** `clientId`: who brought the person here. */
  judge(code: string, clientId: string): Promise<SignInVerdict>;
  /** Told before the person gets anything: what cannot be told lets nobody in. */
  signedIn(userId: string, clientId: string, scopes: readonly string[]): Promise<void>;
};

export type SignInsOptions = {
  code: string;
  counter: GuessCounter;
  /** Whose sign-in it is; null before the first one. */
  readLocalPrincipal: () => Promise<Principal | null>;
  readPrincipal: (userId: string) => Promise<Principal | null>;
  audit: Pick<AuditRecorder, "note">;
};

export function createSignIns(options: SignInsOptions): SignIns {
  const { audit, counter, code } = options;
  return {
    async judge(guess, clientId) {
      let guesses = 0;
      const countGuess: GuessCounter["countGuess"] = async (...window) =>
        (guesses = await counter.countGuess(...window));
      const counting = { ...counter, countGuess };
      const verdict = await judgeSignIn(guess, { code, counter: counting, nowMs: Date.now(), subtle: crypto.subtle });
      // Whoever goes on guessing at a locked door fills the log no further.
      if (verdict !== "signed_in" && guesses <= MAX_GUESSES + 1) await tellRefused(options, verdict, clientId);
      return verdict;
    },
    async signedIn(userId, clientId, scopes) {
      const principal = await options.readPrincipal(userId);
      if (principal === null) return;
      const actor = { team_id: principal.team_id, user_id: userId, client_id: clientId };
      const details = { scopes: scopes.join(" ") };
      await audit.note(actor, { ...event("sign_in.accepted", clientId), details });
    },
  };
}

/** Before the first sign-in there is no team whose log could tell of it. */
async function tellRefused(options: SignInsOptions, verdict: SignInVerdict, clientId: string): Promise<void> {
  const principal = await options.readLocalPrincipal();
  if (principal === null) return;
  const actor = { team_id: principal.team_id, user_id: null, client_id: clientId };
  await options.audit.note(actor, event("sign_in.refused", clientId), verdict);
}

function event(action: string, clientId: string) {
  return { action, target_kind: "client", target_id: clientId, decided_by: "sign_in_code", details: {} };
}
