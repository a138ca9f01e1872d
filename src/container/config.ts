// The runner's settings: read from the environment once, checked, and taken out of it where they are secret.
import { z } from "zod";
import { uuidSchema } from "../shared/ids.ts";
import { RUNNER_PORT } from "../shared/rpc/protocol.ts";

/** Raised with each release; the hello and /health carry it. */
export const RUNNER_VERSION = "0.1.0";

const environmentSchema = z.object({
  BERTH_BOOT_TOKEN: z.string().min(16, "must have at least 16 characters"),
  BERTH_EDGE_URL: z.url(),
  BERTH_WORKSPACE_ID: uuidSchema,
  BERTH_WORKSPACE_DIR: z.string().startsWith("/").default("/workspace"),
  BERTH_STATE_DIR: z.string().startsWith("/").default("/var/lib/berth"),
  BERTH_CLI_UID: z.coerce.number().int().nonnegative().optional(),
  BERTH_CLI_GID: z.coerce.number().int().nonnegative().optional(),
  /** A CLI that no prompt came to for this long is ended. */
  BERTH_CLI_IDLE_MINUTES: z.coerce
    .number()
    .positive()
    .max(24 * 60)
    .default(15),
  BERTH_HOST: z.string().default("0.0.0.0"),
  PORT: z.coerce.number().int().min(0).max(65_535).default(RUNNER_PORT),
});

/** The user under which the CLI and git run; null for the runner's own. */
export type CliUser = { uid: number; gid: number } | null;

export type Config = {
  bootToken: string;
  /** Without a slash at its end. */
  edgeUrl: string;
  workspaceId: string;
  workspaceDir: string;
  stateDir: string;
  cliUser: CliUser;
  cliIdleMs: number;
  host: string;
  port: number;
  /** The search path for the CLI and git. */
  path: string;
  /** What npm needs of the environment to reach its registry: its own settings, proxies and certificates. */
  npmEnvironment: Record<string, string>;
};

const SECRETS = ["BERTH_BOOT_TOKEN"];

/** Reads the settings and deletes the secrets from `environment`. Throws with the names of what is wrong. */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const parsed = environmentSchema.safeParse(environment);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
    throw new Error(`The runner's environment is not right: ${problems.join("; ")}`);
  }
  for (const name of SECRETS) delete environment[name];
  const settings = parsed.data;
  return {
    bootToken: settings.BERTH_BOOT_TOKEN,
    edgeUrl: settings.BERTH_EDGE_URL.replace(/\/+$/, ""),
    workspaceId: settings.BERTH_WORKSPACE_ID,
    workspaceDir: settings.BERTH_WORKSPACE_DIR,
    stateDir: settings.BERTH_STATE_DIR,
    cliUser: readCliUser(settings.BERTH_CLI_UID, settings.BERTH_CLI_GID),
    cliIdleMs: settings.BERTH_CLI_IDLE_MINUTES * 60_000,
    host: settings.BERTH_HOST,
    port: settings.PORT,
    path: environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
    npmEnvironment: pickNpmEnvironment(environment),
  };
}

const NPM_VARIABLE =
  /^(?:HOME|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|(?:https?|no)_proxy|npm_config_(?:registry|cafile|userconfig))$/i;

function pickNpmEnvironment(environment: Record<string, string | undefined>): Record<string, string> {
  const picked = Object.entries(environment).filter(([name]) => NPM_VARIABLE.test(name));
  return Object.fromEntries(picked.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function readCliUser(uid: number | undefined, gid: number | undefined): CliUser {
  return uid === undefined ? null : { uid, gid: gid ?? uid };
}
