import { describe, expect, it } from "vitest";
import { publicConfig, readConfig } from "./config.ts";

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
});
