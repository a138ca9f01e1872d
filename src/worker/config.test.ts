import { describe, expect, it } from "vitest";
import { publicConfig, readConfig } from "./config.ts";
import { answerHealth } from "./http/health-route.ts";

const env = {
  PUBLIC_URL: "http://localhost:8787",
  SIGN_IN: "local",
  SIGN_IN_CODE: "code-code-code",
  MODEL_BASE_URL: "https://api.anthropic.com/",
  ANTHROPIC_API_KEY: "sk-ant-api-1",
  RUN_TOKEN_SECRET: "r".repeat(32),
  MAX_PERMISSION_MODE: "acceptEdits",
  ALLOWED_MODELS: "claude-*",
  SANDBOX: "process",
  ALLOW_INSECURE_GIT: "false",
  DNS_RESOLVER_URL: "https://dns.example.com/dns-query",
  VAULT_KEYS: `a:${"A".repeat(43)}`,
};

describe("settings of the edge", () => {
  it("give the MCP endpoint's address, which is the audience of tokens", () => {
    expect(readConfig(env)).toMatchObject({
      resourceUrl: "http://localhost:8787/mcp",
      modelBaseUrl: "https://api.anthropic.com",
      modelKeyProblem: null,
      repairHeaders: true,
    });
  });

  it("name the keys that secrets are kept under, and never repeat one that cannot be read [secrets.sealed]", () => {
    expect(readConfig({ ...env, VAULT_KEYS: `b:${"B".repeat(43)}, ${env.VAULT_KEYS}` }).vaultKeys).toMatchObject([
      { id: "b" },
      { id: "a" },
    ]);
    for (const wrong of ["", "secretsecret", `a:${"A".repeat(42)}`, `${env.VAULT_KEYS},${env.VAULT_KEYS}`]) {
      expect(() => readConfig({ ...env, VAULT_KEYS: wrong })).toThrow(/VAULT_KEYS/);
    }
    expect(() => readConfig({ ...env, VAULT_KEYS: "secretsecret" })).not.toThrow(/secretsecret/);
  });

  it("let the server run without a key, and never take a subscription's token for one [start.subscription_token]", () => {
    expect(readConfig({ ...env, ANTHROPIC_API_KEY: "" }).modelKeyProblem).toBe("missing");
    expect(readConfig({ ...env, ANTHROPIC_API_KEY: "sk-ant-oat01-x" }).modelKeyProblem).toBe("subscription_token");
  });

  it("stop the start by name and without the value when they are wrong", () => {
    const wrong = { ...env, RUN_TOKEN_SECRET: "too-short", MAX_PERMISSION_MODE: "everything" };
    expect(() => readConfig(wrong)).toThrow(/RUN_TOKEN_SECRET needs at least 32 characters.*MAX_PERMISSION_MODE/);
    expect(() => readConfig(wrong)).not.toThrow(/too-short/);
  });

  it("are shown to clients without secrets", () => {
    const shown = JSON.stringify(publicConfig(readConfig(env), "1.0.0"));
    for (const secret of [env.ANTHROPIC_API_KEY, env.RUN_TOKEN_SECRET, env.SIGN_IN_CODE]) {
      expect(shown).not.toContain(secret);
    }
  });

  it("say whether the scripted model answers, in the settings and in /health [start.keyless] [health.answers]", async () => {
    const scripted = readConfig({ ...env, ANTHROPIC_API_KEY: "no-key", SCRIPTED_MODEL: "true" });
    expect(publicConfig(scripted, "1.0.0")).toMatchObject({ model_key: "scripted" });
    expect(publicConfig(readConfig(env), "1.0.0")).toMatchObject({ model_key: "set" });
    const healthOf = async (config: typeof scripted) =>
      (await answerHealth({ config, version: "1.0.0", touchDatabase: async () => null })).json();
    expect(await healthOf(scripted)).toMatchObject({ status: "scripted", checks: { model_key: { ok: true } } });
    expect(await healthOf(readConfig(env))).toMatchObject({ status: "ok", checks: { model_key: { ok: true } } });
  });
});
