// Step-up: what a request is told that needs a scope which its token lacks.
import type { ScopeChallenge } from "@modelcontextprotocol/server";
import type { Scope } from "../../shared/teams/principal.ts";

/** Asks for what is missing together with what the token has, so that stepping up takes nothing away. */
export function challengeFor(scope: Scope) {
  return ({ authInfo }: { authInfo?: { scopes: string[] } }): ScopeChallenge | undefined => {
    if (authInfo === undefined || authInfo.scopes.includes(scope)) return undefined;
    return { scopes: [scope, ...authInfo.scopes], errorDescription: `This needs the scope ${scope}` };
  };
}
