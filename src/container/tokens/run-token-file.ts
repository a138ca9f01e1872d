// The run token's file: written whole, readable by the CLI's user alone, and read by `apiKeyHelper`.
import { chown, rename, writeFile } from "node:fs/promises";
import type { RunTokenGrant } from "../../shared/rpc/session-host-api.ts";
import type { CliUser } from "../config.ts";

export type RunTokenFile = {
  /** The command that prints the token. */
  readonly helperCommand: string;
  write(grant: RunTokenGrant): Promise<void>;
  /** ms since 1970; 0 before the first token. */
  expiresAtMs(): number;
  /** Tokens that were handed out, for striking them out of what is shown. */
  secrets(): readonly string[];
};

export function createRunTokenFile(path: string, user: CliUser): RunTokenFile {
  let expiresAtMs = 0;
  let secrets: string[] = [];
  let writes = Promise.resolve();

  async function replaceFile(token: string): Promise<void> {
    const temporary = `${path}.new`;
    await writeFile(temporary, token, { mode: 0o600 });
    if (user !== null) await chown(temporary, user.uid, user.gid);
    await rename(temporary, path);
  }

  return {
    helperCommand: `cat '${path.replaceAll("'", `'\\''`)}'`,
    async write(grant) {
      secrets = [...secrets.slice(-7), grant.token];
      expiresAtMs = grant.expires_at * 1000;
      writes = writes.catch(() => {}).then(() => replaceFile(grant.token));
      await writes;
    },
    expiresAtMs: () => expiresAtMs,
    secrets: () => secrets,
  };
}
