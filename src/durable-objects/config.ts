// What the objects need of the environment, parsed once per object.
import { z } from "zod";
import { readMetricsToken, readOtlpHeaders } from "../shared/telemetry/settings.ts";
import { MAX_CONSENT_SECONDS } from "../shared/limits.ts";
import { type PermissionMode, permissionModeSchema } from "../shared/permissions/permission-mode.ts";
import { type BuiltInServers, readBuiltInServers } from "../shared/mcp-servers/built-in-servers.ts";
import type { SlotLimits } from "../shared/teams/slot-policy.ts";

const configSchema = z.object({
  MCP_SERVERS: z.string().default("{}").transform(readBuiltInServers),
  SANDBOX: z.enum(["container", "process"]),
  SANDBOX_EDGE_URL: z.url(),
  SANDBOX_SUPERVISOR_URL: z.url().or(z.literal("")),
  SANDBOX_SUPERVISOR_TOKEN: z.string(),
  RUN_TOKEN_SECRET: z.string().min(32, "RUN_TOKEN_SECRET needs at least 32 characters"),
  ALLOW_INSECURE_GIT: z.enum(["true", "false"]),
  ALLOWED_MODELS: z.string().min(1),
  MAX_PERMISSION_MODE: permissionModeSchema,
  MAX_RUNNING_TURNS_PER_TEAM: z.coerce.number().int().min(1),
  MAX_RUNNING_TURNS_PER_USER: z.coerce.number().int().min(1),
  CLI_IDLE_MINUTES: z.coerce
    .number()
    .positive()
    .max(24 * 60),
  SANDBOX_IDLE_MINUTES: z.coerce
    .number()
    .positive()
    .max(365 * 24 * 60),
  ARCHIVE_AFTER_DAYS: z.coerce.number().min(0).max(3650),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().or(z.literal("")).default(""),
  OTEL_EXPORTER_OTLP_HEADERS: z.string().default("").transform(readOtlpHeaders),
  METRICS_TOKEN: z.string().default("").transform(readMetricsToken),
  TELEMETRY_CONSOLE: z.enum(["true", "false"]).default("false"),
  PERMISSION_TIMEOUT_SECONDS: z.coerce.number().int().min(1).max(MAX_CONSENT_SECONDS),
});

export type TelemetryConfig = {
  /** False where nobody would ever see it. */
  isOn: boolean;
  /** Where spans and sums are pushed; empty for nowhere. */
  otlpEndpoint: string;
  otlpHeaders: Readonly<Record<string, string>>;
  console: boolean;
};

export type ObjectConfig = {
  sandbox: "container" | "process";
  sandboxEdgeUrl: string;
  supervisorUrl: string;
  supervisorToken: string;
  runTokenSecret: string;
  allowInsecureGit: boolean;
  /** Names of models, `*` for any characters. */
  allowedModels: readonly string[];
  /** The widest permission mode of any turn. */
  maxPermissionMode: PermissionMode;
  /** Turns that run at the same time. */
  slotLimits: SlotLimits;
  /** Claude Code's process ends when no prompt came for this long. */
  cliIdleMinutes: number;
  /** A sandbox whose workspace holds nothing is stopped when nobody used it for this long. */
  sandboxIdleMs: number;
  /** How long an ended session's events stay in its object before they move to R2. */
  archiveAfterMs: number;
  /** How long a person has to answer what a session asks; what nobody answered is denied. */
  permissionTimeoutMs: number;
  telemetry: TelemetryConfig;
  /** MCP servers that every team has. */
  builtInServers: BuiltInServers;
};

const DAY_MS = 24 * 60 * 60_000;

export function readConfig(env: unknown): ObjectConfig {
  const parsed = configSchema.parse(env);
  return {
    sandbox: parsed.SANDBOX,
    sandboxEdgeUrl: parsed.SANDBOX_EDGE_URL,
    supervisorUrl: parsed.SANDBOX_SUPERVISOR_URL,
    supervisorToken: parsed.SANDBOX_SUPERVISOR_TOKEN,
    runTokenSecret: parsed.RUN_TOKEN_SECRET,
    allowInsecureGit: parsed.ALLOW_INSECURE_GIT === "true",
    slotLimits: { per_team: parsed.MAX_RUNNING_TURNS_PER_TEAM, per_user: parsed.MAX_RUNNING_TURNS_PER_USER },
    cliIdleMinutes: parsed.CLI_IDLE_MINUTES,
    sandboxIdleMs: parsed.SANDBOX_IDLE_MINUTES * 60_000,
    archiveAfterMs: parsed.ARCHIVE_AFTER_DAYS * DAY_MS,
    maxPermissionMode: parsed.MAX_PERMISSION_MODE,
    builtInServers: parsed.MCP_SERVERS,
    telemetry: {
      isOn: parsed.OTEL_EXPORTER_OTLP_ENDPOINT + parsed.METRICS_TOKEN !== "" || parsed.TELEMETRY_CONSOLE === "true",
      otlpEndpoint: parsed.OTEL_EXPORTER_OTLP_ENDPOINT,
      otlpHeaders: parsed.OTEL_EXPORTER_OTLP_HEADERS,
      console: parsed.TELEMETRY_CONSOLE === "true",
    },
    permissionTimeoutMs: parsed.PERMISSION_TIMEOUT_SECONDS * 1000,
    allowedModels: parsed.ALLOWED_MODELS.split(",").map((name) => name.trim()),
  };
}
