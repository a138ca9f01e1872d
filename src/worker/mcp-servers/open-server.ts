// Makes a definition ready for one request: its address and headers with the secrets in them, which go nowhere else.
import { AppError } from "../../shared/errors/app-error.ts";
import type { RemoteServer } from "../../shared/mcp-servers/server-schema.ts";
import { findReferences, replaceReferences } from "../../shared/secrets/secret-reference.ts";
import type { SecretStore } from "../secrets/secret-store.ts";
import type { ServerKey } from "./server-key.ts";

export type OpenServer = {
  url: string;
  headers: Record<string, string>;
  /** Values that must not come back with an answer. */
  hidden: string[];
};

/** Gives the person's token at the server, when they are signed in there. */
export type TokenSource = (key: ServerKey, url: string) => Promise<string | null>;

export type OpenServerParts = { secrets: SecretStore; token: TokenSource };

export type ServerOpener = (key: ServerKey, server: RemoteServer) => Promise<OpenServer>;

export function createServerOpener({ secrets, token }: OpenServerParts): ServerOpener {
  return async (key, server) => {
    const values = await readAll(secrets, key, server);
    const read = (name: string): string => values.get(name) ?? "";
    const url = replaceReferences(server.url, (name) => encodeURIComponent(read(name)));
    const headers = Object.fromEntries(
      Object.entries(server.headers).map(([name, value]) => [name, replaceReferences(value, read)]),
    );
    const bearer = hasAuthorization(headers) ? null : await token(key, server.url);
    const hidden = [
      ...values.values(),
      ...[...values.values()].map(encodeURIComponent),
      ...(bearer === null ? [] : [bearer]),
    ];
    return {
      url,
      headers: bearer === null ? headers : { ...headers, Authorization: `Bearer ${bearer}` },
      hidden: [...new Set(hidden)],
    };
  };
}

/** A definition without what is secret in it: for a test before a person agreed to where it goes. */
export function withoutSecrets(server: RemoteServer): OpenServer | null {
  if (findReferences(server.url).length > 0) return null;
  const plain = Object.entries(server.headers).filter(([, value]) => findReferences(value).length === 0);
  return { url: server.url, headers: Object.fromEntries(plain), hidden: [] };
}

export function namesOfSecrets(server: RemoteServer): string[] {
  return [...new Set([server.url, ...Object.values(server.headers)].flatMap(findReferences))];
}

/** A definition uses the secrets of its own place: nobody gets at another scope's by naming them. */
async function readAll(secrets: SecretStore, key: ServerKey, server: RemoteServer): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  for (const name of namesOfSecrets(server)) {
    const value = await secrets.read(key.team_id, key.place, name);
    if (value === null) throw missing(name);
    values.set(name, value);
  }
  return values;
}

function missing(name: string): AppError {
  const message = `The secret ${name} is not there. A person enters it at secrets_url, which mcp_get shows.`;
  return new AppError("secret_not_found", message);
}

function hasAuthorization(headers: Record<string, string>): boolean {
  return Object.keys(headers).some((name) => name.toLowerCase() === "authorization");
}
