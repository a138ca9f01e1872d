// What `npm start` is told by its environment, checked once.
import { isAbsolute, join } from "node:path";
import { z } from "zod";
import { AppError } from "../src/shared/errors/app-error.ts";
import {
  PERMISSION_MODES,
  type PermissionMode,
  permissionModeSchema,
} from "../src/shared/permissions/permission-mode.ts";

export type SandboxMode = "process" | "container";

export type Settings = {
  port: number;
  /** BERTH_HOME, absolute. */
  home: string;
  /** Null: the scripted model answers. */
  modelKey: string | null;
  modelBaseUrl: string;
  maxPermissionMode: PermissionMode;
  /** Null: container when Docker answers, else process. */
  sandbox: SandboxMode | null;
  /** Minutes without use after which Claude Code's process, and a sandbox without files, go. */
  cliIdleMinutes: number;
  sandboxIdleMinutes: number;
  dockerCommand: string;
  /** Lets tests clone from files and loopback. */
  allowInsecureGit: boolean;
  /** Lets MCP servers be reached on loopback, over http. */
  allowLoopbackUrls: boolean;
  /** Of the Worker's own settings those that were given; the Worker checks them. */
  workerSettings: Record<string, string>;
};

/** Handed on to the Worker as they are; README.md says what each means. */
const WORKER_SETTINGS = [
  "ALLOWED_MODELS",
  "MAX_RUNNING_TURNS_PER_TEAM",
  "MAX_RUNNING_TURNS_PER_USER",
  "ARCHIVE_AFTER_DAYS",
  "METRICS_TOKEN",
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_HEADERS",
  "TELEMETRY_CONSOLE",
  "MCP_SERVERS",
  "PERMISSION_TIMEOUT_SECONDS",
] as const;

const DEFAULT_MODEL_BASE_URL = "https://api.anthropic.com";

const oneOf = (values: readonly string[]) => `must be one of ${values.join(", ")}`;
const emptyIsUnset = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === "" ? undefined : value), schema);

const minutes = (most: number, otherwise: number) =>
  z.coerce
    .number(`must be a number of minutes up to ${most}`)
    .positive("must be more than 0")
    .max(most, `must be at most ${most}`)
    .default(otherwise);

const environmentSchema = z.object({
  PORT: emptyIsUnset(
    z
      .string()
      .regex(/^\d{1,5}$/, "must be a port number")
      .transform(Number)
      .refine((port) => port >= 1 && port <= 65_535, "must be a port number from 1 to 65535")
      .default(8787),
  ),
  BERTH_HOME: emptyIsUnset(z.string().default(".berth")),
  ANTHROPIC_API_KEY: emptyIsUnset(
    z
      .string()
      .regex(/^[\x21-\x7e]+$/, "holds characters that no key has")
      .optional(),
  ),
  MODEL_BASE_URL: emptyIsUnset(
    z.url({ protocol: /^https?$/, error: "must be an http(s) address" }).default(DEFAULT_MODEL_BASE_URL),
  ),
  BERTH_MAX_PERMISSION_MODE: emptyIsUnset(
    z.enum(permissionModeSchema.options, oneOf(PERMISSION_MODES)).default("acceptEdits"),
  ),
  SANDBOX: emptyIsUnset(z.enum(["process", "container"], oneOf(["process", "container"])).optional()),
  CLI_IDLE_MINUTES: emptyIsUnset(minutes(24 * 60, 15)),
  SANDBOX_IDLE_MINUTES: emptyIsUnset(minutes(365 * 24 * 60, 60)),
  WRANGLER_DOCKER_BIN: emptyIsUnset(z.string().default("docker")),
  ALLOW_INSECURE_GIT: emptyIsUnset(z.enum(["true", "false"], oneOf(["true", "false"])).default("false")),
  ALLOW_LOOPBACK_URLS: emptyIsUnset(z.enum(["true", "false"], oneOf(["true", "false"])).default("false")),
});

/** `workingDirectory`: what a relative BERTH_HOME is relative to. */
export function readSettings(env: Record<string, string | undefined>, workingDirectory: string): Settings {
  const parsed = environmentSchema.safeParse(env);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${String(issue.path[0])} ${issue.message}`);
    throw new AppError("invalid_argument", `${problems.join("; ")}.`);
  }
  const found = parsed.data;
  refuseSubscriptionToken(found.ANTHROPIC_API_KEY);
  return {
    port: found.PORT,
    home: isAbsolute(found.BERTH_HOME) ? found.BERTH_HOME : join(workingDirectory, found.BERTH_HOME),
    modelKey: found.ANTHROPIC_API_KEY ?? null,
    modelBaseUrl: found.MODEL_BASE_URL.replace(/\/+$/, ""),
    maxPermissionMode: found.BERTH_MAX_PERMISSION_MODE,
    sandbox: found.SANDBOX ?? null,
    cliIdleMinutes: found.CLI_IDLE_MINUTES,
    sandboxIdleMinutes: found.SANDBOX_IDLE_MINUTES,
    dockerCommand: found.WRANGLER_DOCKER_BIN,
    allowInsecureGit: found.ALLOW_INSECURE_GIT === "true",
    allowLoopbackUrls: found.ALLOW_LOOPBACK_URLS === "true",
    workerSettings: pick(env, WORKER_SETTINGS),
  };
}

function pick(env: Record<string, string | undefined>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

function refuseSubscriptionToken(key: string | undefined): void {
  if (key?.startsWith("sk-ant-oat") !== true) return;
  throw new AppError(
    "invalid_argument",
    "ANTHROPIC_API_KEY is a Claude subscription token (sk-ant-oat…). Anthropic's terms allow those in Claude's own " +
      "apps alone, so Berth does not use them. Make an API key at https://platform.claude.com/ and start again.",
  );
}
