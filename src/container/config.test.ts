import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { readConfig } from "./config.ts";

const complete = () => ({
  BERTH_BOOT_TOKEN: "boot-token-of-this-test",
  BERTH_EDGE_URL: "http://localhost:8787/",
  BERTH_WORKSPACE_ID: randomUUID(),
});

describe("the runner's settings", () => {
  it("take the secrets out of the environment, and have defaults for the rest", () => {
    const environment: Record<string, string> = complete();
    expect(readConfig(environment)).toMatchObject({
      bootToken: "boot-token-of-this-test",
      edgeUrl: "http://localhost:8787",
      workspaceDir: "/workspace",
      stateDir: "/var/lib/berth",
      cliUser: null,
      host: "0.0.0.0",
      port: 8080,
    });
    expect(environment).not.toHaveProperty("BERTH_BOOT_TOKEN");
  });

  it("name what is wrong and never its value", () => {
    const wrong = { ...complete(), BERTH_WORKSPACE_ID: "not-an-id", PORT: "many" };
    expect(() => readConfig(wrong)).toThrow(/BERTH_WORKSPACE_ID .*PORT/);
    expect(() => readConfig({ ...complete(), BERTH_BOOT_TOKEN: "short-secret" })).toThrow(/BERTH_BOOT_TOKEN/);
    expect(() => readConfig({ ...complete(), BERTH_BOOT_TOKEN: "short-secret" })).not.toThrow(/short-secret/);
  });

  it("give the CLI a user of its own, whose group is the user's unless it is named", () => {
    expect(readConfig({ ...complete(), BERTH_CLI_UID: "1000" }).cliUser).toEqual({ uid: 1000, gid: 1000 });
    expect(readConfig({ ...complete(), BERTH_CLI_UID: "1000", BERTH_CLI_GID: "50" }).cliUser).toEqual({
      uid: 1000,
      gid: 50,
    });
  });
});
