// Takes the literal secrets of a definition into the vault, each under a name that nobody has and that nothing refers to.
import { AppError } from "../../shared/errors/app-error.ts";
import type { Place } from "../../shared/configuration/place.ts";
import { liftSecrets } from "../../shared/mcp-servers/lift-secrets.ts";
import type { McpServer } from "../../shared/mcp-servers/server-schema.ts";
import { findReferences } from "../../shared/secrets/secret-reference.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { LiftedSecretStore } from "../secrets/lifted-secret-store.ts";
import { MAX_SECRETS_PER_PLACE, type SecretStore } from "../secrets/secret-store.ts";

export type KeepSecretsParts = { secrets: Pick<SecretStore, "list">; lifted: LiftedSecretStore };

/** As often as somebody else may take the very names between two looks. */
const ATTEMPTS = 5;

/** The definition with references, and the names that are new in it. */
export async function keepSecrets(
  { secrets, lifted }: KeepSecretsParts,
  { team_id, user_id }: Principal,
  place: Place,
  { name, server }: { name: string; server: McpServer },
): Promise<{ server: McpServer; names: string[] }> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const [kept, named] = await Promise.all([secrets.list(team_id, place), lifted.named(team_id, place)]);
    // A name that another definition waits for, or another header of this one, would hand it this value.
    const taken = new Set([...kept.map((secret) => secret.name), ...named, ...findReferences(JSON.stringify(server))]);
    const found = liftSecrets(name, server, (secret) => taken.has(secret));
    if (found.secrets.length > 0 && kept.length + found.secrets.length > MAX_SECRETS_PER_PLACE) throw tooManySecrets();
    const made = found.secrets.map((secret) => ({ ...secret, madeFor: name, createdBy: user_id }));
    const lost = await lifted.add(team_id, place, made);
    if (lost.length === 0) return { server: found.server, names: made.map((secret) => secret.name) };
  }
  throw new AppError(
    "invalid_argument",
    "The secrets of this scope are being changed by others. Try again in a moment.",
  );
}

function tooManySecrets(): AppError {
  const message = `There are ${MAX_SECRETS_PER_PLACE} secrets at this scope already. A person removes some at the secrets_url of mcp_get.`;
  return new AppError("invalid_argument", message);
}
