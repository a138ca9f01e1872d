import { describe, expect, it } from "vitest";
import { readSettings } from "./settings.ts";

describe("settings of npm start [start.settings]", () => {
  it("have defaults for everything", () => {
    expect(readSettings({}, "/repo")).toEqual({
      port: 8787,
      home: "/repo/.berth",
      modelKey: null,
      modelBaseUrl: "https://api.anthropic.com",
      maxPermissionMode: "acceptEdits",
      sandbox: null,
      cliIdleMinutes: 15,
      sandboxIdleMinutes: 60,
      dockerCommand: "docker",
      allowInsecureGit: false,
      allowLoopbackUrls: false,
      workerSettings: {},
    });
  });

  it("treat an empty variable as one that is not set", () => {
    const env = {
      PORT: "",
      BERTH_HOME: "",
      ANTHROPIC_API_KEY: "",
      SANDBOX: "",
      CLI_IDLE_MINUTES: "",
      BERTH_MAX_PERMISSION_MODE: "",
    };
    expect(readSettings(env, "/repo")).toEqual(readSettings({}, "/repo"));
  });

  it("honour every variable", () => {
    const env = {
      PORT: "9000",
      BERTH_HOME: "/state",
      ANTHROPIC_API_KEY: "sk-ant-api03-x",
      MODEL_BASE_URL: "http://127.0.0.1:1/",
      BERTH_MAX_PERMISSION_MODE: "plan",
      SANDBOX: "container",
      CLI_IDLE_MINUTES: "0.5",
      SANDBOX_IDLE_MINUTES: "90",
      WRANGLER_DOCKER_BIN: "/opt/docker",
      ALLOW_INSECURE_GIT: "true",
      ALLOW_LOOPBACK_URLS: "true",
      MAX_RUNNING_TURNS_PER_TEAM: "40",
      ARCHIVE_AFTER_DAYS: "",
    };
    expect(readSettings(env, "/repo")).toEqual({
      port: 9000,
      home: "/state",
      modelKey: "sk-ant-api03-x",
      modelBaseUrl: "http://127.0.0.1:1",
      maxPermissionMode: "plan",
      sandbox: "container",
      cliIdleMinutes: 0.5,
      sandboxIdleMinutes: 90,
      dockerCommand: "/opt/docker",
      allowInsecureGit: true,
      allowLoopbackUrls: true,
      workerSettings: { MAX_RUNNING_TURNS_PER_TEAM: "40" },
    });
  });

  it("refuse a subscription token as the key, and say why without repeating it [start.subscription_token]", () => {
    const start = () => readSettings({ ANTHROPIC_API_KEY: "sk-ant-oat01-secret" }, "/repo");
    expect(start).toThrow(/subscription token/);
    expect(start).not.toThrow(/secret/);
  });

  it.each([
    ["PORT", "http"],
    ["PORT", "0"],
    ["PORT", "70000"],
    ["SANDBOX", "vm"],
    ["CLI_IDLE_MINUTES", "soon"],
    ["CLI_IDLE_MINUTES", "0"],
    ["SANDBOX_IDLE_MINUTES", "-1"],
    ["BERTH_MAX_PERMISSION_MODE", "everything"],
    ["MODEL_BASE_URL", "ftp://x"],
    ["ANTHROPIC_API_KEY", "two words"],
  ])("refuse %s=%s by name", (name, value) => {
    expect(() => readSettings({ [name]: value }, "/repo")).toThrow(new RegExp(`^${name} `));
  });
});
