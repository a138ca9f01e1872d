// The scopes in words, as the consent page shows them.
import { ANSWERING_SCOPE, SCOPES, type Scope } from "../../shared/teams/principal.ts";

/** Lets a client stay connected by itself; it opens nothing. */
const OFFLINE_ACCESS = "offline_access";

export const GRANTABLE_SCOPES: readonly string[] = [...SCOPES, OFFLINE_ACCESS];

const WORDS: Record<Scope | typeof OFFLINE_ACCESS, string> = {
  "sessions:read": "See your sessions: their prompts, events and results",
  "sessions:write": "Start, steer and end sessions, which run code in sandboxes and cost money",
  "projects:read": "See your projects and read their files",
  "projects:write": "Create and delete projects",
  "configuration:read": "See what your sessions are configured by: rules, instructions, settings",
  "configuration:write":
    "Change instructions and settings, tighten rules, and propose what widens them, which waits for your own yes",
  "permissions:answer":
    "Answer in your place what your sessions ask a person: only for a client in which you answer yourself, never for one whose model could",
  offline_access: "Stay connected without asking you again each hour",
};

function scopeInWords(scope: string): string | null {
  return Object.hasOwn(WORDS, scope) ? WORDS[scope as keyof typeof WORDS] : null;
}

export function isScope(value: string): value is Scope {
  return (SCOPES as readonly string[]).includes(value);
}

/**
 * What the page offers: everything that can be granted, ticked where the client asked for it, or all of it when it named
 * none. What lets it answer for a person is ticked by that person alone.
 */
export function offerScopes(requested: readonly string[]): { scope: string; words: string; isTicked: boolean }[] {
  const known = requested.filter((scope) => GRANTABLE_SCOPES.includes(scope));
  return GRANTABLE_SCOPES.map((scope) => ({
    scope,
    words: scopeInWords(scope) ?? scope,
    isTicked: scope !== ANSWERING_SCOPE && (known.length === 0 || known.includes(scope)),
  }));
}
