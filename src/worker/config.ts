// What the edge needs of the environment, parsed once per isolate. A setting that is wrong stops the start with its name.
import { z } from "zod";
import type { Keeping } from "../shared/accounting/kept-usage.ts";
import { type BuiltInServers, readBuiltInServers } from "../shared/mcp-servers/built-in-servers.ts";
import { readMetricsToken } from "../shared/telemetry/settings.ts";
import { readVaultKeys, type VaultKey } from "./secrets/vault-keys.ts";
import { type PermissionMode, permissionModeSchema } from "../shared/permissions/permission-mode.ts";

const flagSchema = z.enum(["true", "false"]).transform((text) => text === "true");

/** A setting with a reader of its own, whose words for what is wrong are told. */
function readBy<T>(read: (text: string) => T) {
  return z.string().transform((text, context) => {
    try {
      return read(text);
    } catch (error) {
      context.addIssue({ code: "custom", message: error instanceof Error ? error.message : "cannot be read" });
      return z.NEVER;
    }
  });
}

const configSchema = z.object({
  PUBLIC_URL: z.url().refine((text) => new URL(text).pathname === "/", "must have no path"),
  SIGN_IN: z.literal("local"),
  SIGN_IN_CODE: z.string().min(8, "needs at least 8 characters"),
  MODEL_BASE_URL: z.url(),
  ANTHROPIC_API_KEY: z.string(),
  SCRIPTED_MODEL: flagSchema.default(false),
  RUN_TOKEN_SECRET: z.string().min(32, "needs at least 32 characters"),
  MAX_PERMISSION_MODE: permissionModeSchema,
  ALLOWED_MODELS: z.string().min(1),
  SANDBOX: z.enum(["container", "process"]),
  ALLOW_INSECURE_GIT: flagSchema,
  ALLOW_LOOPBACK_URLS: flagSchema.default(false),
  DNS_RESOLVER_URL: z.url(),
  VAULT_KEYS: readBy(readVaultKeys),
  MCP_SERVERS: readBy(readBuiltInServers).default({}),
  HEADER_REPAIR: flagSchema.default(true),
  CLIENT_ID_METADATA: flagSchema.default(true),
  METRICS_TOKEN: readBy(readMetricsToken).default(""),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().or(z.literal("")).default(""),
  TELEMETRY_CONSOLE: flagSchema.default(false),
  USAGE_RETENTION_DAYS: z.coerce.number().int().min(31).max(3660).default(400),
  USAGE_HOURLY_RETENTION_DAYS: z.coerce.number().int().min(366).max(3660).default(800),
});

/** Why no request may be sent to the model; null when one may. */
export type ModelKeyProblem = "missing" | "subscription_token" | null;

export type EdgeConfig = {
  /** The origin that people and clients type, without a trailing slash. */
  publicUrl: string;
  /** The MCP endpoint, which is also the audience of every access token. */
  resourceUrl: string;
  signInCode: string;
  modelBaseUrl: string;
  modelKey: string;
  modelKeyProblem: ModelKeyProblem;
  /** Answers come from the built-in scripted model, which needs no key. */
  scriptedModel: boolean;
  runTokenSecret: string;
  maxPermissionMode: PermissionMode;
  /** Names of models, `*` for any characters. */
  allowedModels: readonly string[];
  sandbox: "container" | "process";
  allowInsecureGit: boolean;
  /** Addresses that people enter may be loopback, over http: local development alone. */
  allowLoopbackUrls: boolean;
  /** Names are resolved there, over HTTPS (RFC 8484 servers' JSON form). */
  dnsResolverUrl: string;
  /** Secrets are kept under the first one; the others open older ones. */
  vaultKeys: readonly VaultKey[];
  /** MCP servers that every team has. */
  builtInServers: BuiltInServers;
  repairHeaders: boolean;
  clientIdMetadata: boolean;
  /** How long single rows of usage, and sums by the hour and session, are kept; sums by day stay. */
  usageKeeping: Keeping;
  /** Opens /metrics; empty for no such page. */
  metricsToken: string;
  /** Whether anybody would see what is measured. */
  measures: boolean;
};

export function readConfig(env: unknown): EdgeConfig {
  const parsed = configSchema.safeParse(env);
  if (!parsed.success) throw new Error(`Settings are wrong: ${describeIssues(parsed.error)}`);
  const settings = parsed.data;
  const publicUrl = new URL(settings.PUBLIC_URL).origin;
  return {
    publicUrl,
    resourceUrl: `${publicUrl}/mcp`,
    signInCode: settings.SIGN_IN_CODE,
    modelBaseUrl: settings.MODEL_BASE_URL.replace(/\/+$/, ""),
    modelKey: settings.ANTHROPIC_API_KEY,
    modelKeyProblem: judgeModelKey(settings.ANTHROPIC_API_KEY),
    scriptedModel: settings.SCRIPTED_MODEL,
    runTokenSecret: settings.RUN_TOKEN_SECRET,
    maxPermissionMode: settings.MAX_PERMISSION_MODE,
    allowedModels: settings.ALLOWED_MODELS.split(",").map((name) => name.trim()),
    sandbox: settings.SANDBOX,
    allowInsecureGit: settings.ALLOW_INSECURE_GIT,
    allowLoopbackUrls: settings.ALLOW_LOOPBACK_URLS,
    dnsResolverUrl: settings.DNS_RESOLVER_URL,
    vaultKeys: settings.VAULT_KEYS,
    builtInServers: settings.MCP_SERVERS,
    repairHeaders: settings.HEADER_REPAIR,
    clientIdMetadata: settings.CLIENT_ID_METADATA,
    usageKeeping: { rowDays: settings.USAGE_RETENTION_DAYS, hourDays: settings.USAGE_HOURLY_RETENTION_DAYS },
    metricsToken: settings.METRICS_TOKEN,
    measures: settings.METRICS_TOKEN + settings.OTEL_EXPORTER_OTLP_ENDPOINT !== "" || settings.TELEMETRY_CONSOLE,
  };
}

/** A subscription's token belongs to one person's own client; Anthropic's terms do not let a server use it. */
function judgeModelKey(key: string): ModelKeyProblem {
  if (key === "") return "missing";
  return key.startsWith("sk-ant-oat") ? "subscription_token" : null;
}

/** What to tell whoever asks for the model while there is no usable key. */
export function explainModelKeyProblem(problem: Exclude<ModelKeyProblem, null>): string {
  if (problem === "missing") return "No model key is set. Set ANTHROPIC_API_KEY and start Berth again.";
  return (
    "ANTHROPIC_API_KEY holds a Claude subscription's token (sk-ant-oat…), which may not be used by a server. " +
    "Set an API key from the Anthropic Console (sk-ant-api…) and start Berth again."
  );
}

/** Names and reasons, never values. */
function describeIssues(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`).join("; ");
}

/** The effective settings as clients may see them: no secrets, nothing that only operators need. */
export function publicConfig(config: EdgeConfig, version: string): Record<string, unknown> {
  return {
    version,
    mcp_url: config.resourceUrl,
    sandbox: config.sandbox,
    max_permission_mode: config.maxPermissionMode,
    allowed_models: config.allowedModels,
    model_key: config.scriptedModel ? "scripted" : (config.modelKeyProblem ?? "set"),
    sign_in: "local",
  };
}
