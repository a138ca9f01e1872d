import { describe, expect, it } from "vitest";
import { answer, failure } from "../../shared/errors/app-error.ts";
import type { WorkspaceApi } from "../../shared/rpc/workspace-api.ts";
import { createRuntimeService } from "./runtime-service.ts";

const installed = { path: "/usr/bin/claude", version: "2.1.328", source: "agent-sdk" };
const newest = { version: "2.1.400", package_version: "0.3.400" };
const principal = { user_id: "u", team_id: "t", role: "owner" } as const;
const identity = { workspace_id: "w", team_id: "t", project_id: "p", git_url: null };

function service(workspace: Partial<WorkspaceApi>) {
  return createRuntimeService({ askSandbox: (_principal, _project, ask) => ask(workspace as WorkspaceApi, identity) });
}

describe("looking for updates", () => {
  it("compares what is installed with what is published [tools.runtime]", async () => {
    const sandbox = { findClaudeBinary: async () => answer(installed), findNewestClaude: async () => answer(newest) };
    expect(await service(sandbox).checkUpdates(principal, null)).toEqual({ installed, newest });
  });

  it("says so when the registry cannot be asked [tools.runtime]", async () => {
    const sandbox = {
      findClaudeBinary: async () => answer(installed),
      findNewestClaude: async () => failure("registry_unavailable", "Try again later."),
    };
    await expect(service(sandbox).checkUpdates(principal, null)).rejects.toMatchObject({
      code: "registry_unavailable",
    });
  });
});
