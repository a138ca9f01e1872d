import { describe, expect, it } from "vitest";
import { answer, failure } from "../../shared/errors/app-error.ts";
import type { WorkspaceApi } from "../../shared/rpc/workspace-api.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { createProjectService } from "./project-service.ts";
import type { ProjectRow, ProjectStore } from "./project-store.ts";

const principal: Principal = { user_id: "user", team_id: "team", role: "owner" };

function memoryStore() {
  const rows: ProjectRow[] = [];
  const drop = (id: string) =>
    void rows.splice(
      rows.findIndex((row) => row.project_id === id),
      1,
    );
  const store: ProjectStore = {
    find: async (_principal, name, branch = "main") =>
      rows.find((row) => row.name === name && row.branch === branch) ?? null,
    async insert(_principal, project) {
      if (rows.some((row) => row.name === project.name)) return null;
      const ids = { project_id: `p-${project.name}`, workspace_id: "w", branch: "main" };
      const row: ProjectRow = { ...project, ...ids, created_at: "now", checkpoint_strategy: "per_turn" };
      rows.push(row);
      return row;
    },
    listWorkspaceIds: async () => rows.map(({ workspace_id }) => workspace_id),
    list: async () => rows,
    remove: async (id) => drop(id),
    markDeleted: async (id) => drop(id),
  };
  return { store, rows };
}

function setUp(workspace: Partial<WorkspaceApi>, cloneWaitMs = 1000) {
  const { store, rows } = memoryStore();
  const ended: string[] = [];
  const later: Promise<unknown>[] = [];
  const service = createProjectService({
    store,
    directory: { workspace: () => workspace as WorkspaceApi },
    endSessions: async (projectId) => void ended.push(projectId),
    forgetCheckpoints: async () => {},
    forgetConfiguration: async () => {},
    allowInsecureGit: false,
    cloneWaitMs,
    waitUntil: (work) => void later.push(work),
  });
  return { service, rows, ended, later };
}

const runtime = answer({ runtime_id: "r", protocol_version: 1, files_lost: false, restored: null });
const fromGit = { name: "mine", git_url: "https://example.com/repository" };

describe("projects", () => {
  it("make the default one on first use, and only that one", async () => {
    const { service, rows } = setUp({});
    const [first, second] = await Promise.all([service.resolve(principal, null), service.resolve(principal, null)]);
    expect(first?.project_id).toBe(second?.project_id);
    expect(rows.map((row) => row.name)).toEqual(["default"]);
    await expect(service.resolve(principal, "other")).rejects.toMatchObject({ code: "project_not_found" });
  });

  it("are made empty without starting a sandbox", async () => {
    const { service } = setUp({});
    expect((await service.create(principal, { name: "mine", git_url: null })).files).toBe("empty");
  });

  it("are cloned when they are made", async () => {
    const { service } = setUp({ ensureRuntime: async () => runtime });
    expect((await service.create(principal, fromGit)).files).toBe("cloned");
  });

  it("are gone again, sandbox and all, when the clone fails", async () => {
    let destroyed = 0;
    const { service, rows } = setUp({
      ensureRuntime: async () => failure("clone_failed", "The repository could not be cloned."),
      destroy: async () => answer((destroyed++, null)),
    });
    await expect(service.create(principal, fromGit)).rejects.toMatchObject({ code: "clone_failed" });
    expect([rows, destroyed]).toEqual([[], 1]);
  });

  it("say that a long clone goes on", async () => {
    const clone = Promise.withResolvers<typeof runtime>();
    const { service, later } = setUp({ ensureRuntime: () => clone.promise }, 5);
    expect((await service.create(principal, fromGit)).files).toBe("cloning");
    clone.resolve(runtime);
    expect(later.length).toBe(1);
    await later[0];
  });

  it("stay whole when they are busy, and end their sessions when they are not", async () => {
    const busy = setUp({ destroy: async () => failure("project_busy", "A turn runs.") });
    await busy.service.resolve(principal, null);
    await expect(busy.service.delete(principal, "default")).rejects.toMatchObject({ code: "project_busy" });
    expect([busy.rows.length, busy.ended]).toEqual([1, []]);
    const idle = setUp({ destroy: async () => answer(null) });
    await idle.service.resolve(principal, null);
    await idle.service.delete(principal, "default");
    expect([idle.rows, idle.ended]).toEqual([[], ["p-default"]]);
  });
});
