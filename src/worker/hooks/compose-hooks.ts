// Builds what serves the hook tools.
import type { WorkspaceApi } from "../../shared/rpc/workspace-api.ts";
import type { ConfigurationService } from "../configuration/configuration-service.ts";
import { identityOf, type ProjectService } from "../projects/project-service.ts";
import { createHookService, type HookService } from "./hook-service.ts";
import { createHookTester, type HookTesterOptions } from "./hook-tester.ts";

type Parts = {
  configuration: ConfigurationService;
  projects: Pick<ProjectService, "resolve">;
  workspace(id: string): WorkspaceApi;
  send: HookTesterOptions["send"];
};

export function composeHooks({ configuration, projects, workspace, send }: Parts): HookService {
  const tester = createHookTester({
    async findWorkspace(principal, { project, branch }) {
      const found = await projects.resolve(principal, project, branch);
      return { workspace: workspace(found.workspace_id), identity: identityOf(principal, found) };
    },
    send,
    nowMs: Date.now,
  });
  return createHookService({ configuration, tester });
}
