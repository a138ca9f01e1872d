// BERTH_HOME: where the local stack keeps its state, and the secrets that it makes once and keeps there.
import { randomBytes, randomInt } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { AppError } from "../src/shared/errors/app-error.ts";

const secretsSchema = z.object({
  /** Names this BERTH_HOME in process marks and container names; not secret. */
  home_id: z.string().regex(/^[0-9a-f]{12}$/),
  run_token_secret: z.string().min(32),
  sign_in_code: z.string().min(12),
  sandbox_supervisor_token: z.string().min(32),
  /** `<id>:<32 bytes>`: secrets of MCP servers are kept under it. */
  vault_keys: z.string().min(32),
});
/** A home of before there were such secrets has no key for them. */
const olderSecretsSchema = secretsSchema.partial({ vault_keys: true });
export type LocalSecrets = z.infer<typeof secretsSchema>;

// Without characters that look alike.
const CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

export function openHome(folder: string): LocalSecrets {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const path = join(folder, "secrets.json");
  const text = readIfThere(path);
  if (text === null) return writeSecrets(path);
  const parsed = olderSecretsSchema.safeParse(parseJson(text));
  if (parsed.success) {
    chmodSync(path, 0o600);
    const { vault_keys, ...others } = parsed.data;
    return vault_keys === undefined ? keep(path, { ...others, vault_keys: makeVaultKey() }) : { ...others, vault_keys };
  }
  throw new AppError("invalid_argument", `${path} is damaged. Delete it and start again; clients then sign in anew.`);
}

function writeSecrets(path: string): LocalSecrets {
  return keep(path, {
    home_id: randomBytes(6).toString("hex"),
    run_token_secret: randomBytes(32).toString("base64url"),
    sign_in_code: makeSignInCode(),
    sandbox_supervisor_token: randomBytes(32).toString("base64url"),
    vault_keys: makeVaultKey(),
  });
}

function makeVaultKey(): string {
  return `local:${randomBytes(32).toString("base64url")}`;
}

function keep(path: string, secrets: LocalSecrets): LocalSecrets {
  writeFileSync(`${path}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return secrets;
}

/** Three groups of four: 60 bits, and still typed in a moment. */
function makeSignInCode(): string {
  const group = () => Array.from({ length: 4 }, () => CODE_ALPHABET[randomInt(CODE_ALPHABET.length)]).join("");
  return [group(), group(), group()].join("-");
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new AppError("invalid_argument", `${path} cannot be read; check who owns it.`, { cause: error });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The folders and files under BERTH_HOME, each named here once. */
export function homePaths(home: string) {
  return {
    run: join(home, "run"),
    logs: join(home, "logs"),
    workspaces: join(home, "workspaces"),
    wranglerState: join(home, "wrangler"),
    temporary: join(home, "tmp"),
    workerEnv: join(home, "worker.env"),
    memory: join(home, "memory.json"),
  };
}
export type HomePaths = ReturnType<typeof homePaths>;
