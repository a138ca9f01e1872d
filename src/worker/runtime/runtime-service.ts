// What is known about the Claude Code program: the one inside the sandbox, and the newest that is published.
import { type Answer, unwrap } from "../../shared/errors/app-error.ts";
import type { ClaudeBinary, ClaudeRelease } from "../../shared/rpc/runner-workspace-api.ts";
import type { WorkspaceApi, WorkspaceIdentity } from "../../shared/rpc/workspace-api.ts";
import type { Principal } from "../../shared/teams/principal.ts";

type ClaudeUpdate = { installed: ClaudeBinary; newest: ClaudeRelease };
type Ask<T> = (workspace: WorkspaceApi, identity: WorkspaceIdentity) => Promise<Answer<T>>;

export type RuntimeService = {
  findBinary(principal: Principal, project: string | null): Promise<ClaudeBinary>;
  checkUpdates(principal: Principal, project: string | null): Promise<ClaudeUpdate>;
};

export type RuntimeServiceOptions = {
  /** Asks the sandbox of the person's project, starting it when none runs. */
  askSandbox: <T>(principal: Principal, project: string | null, ask: Ask<T>) => Promise<Answer<T>>;
};

/** The npm package that brings the CLI, in both kinds of sandbox. */
export const CLAUDE_PACKAGE = "@anthropic-ai/claude-agent-sdk";

export function createRuntimeService({ askSandbox }: RuntimeServiceOptions): RuntimeService {
  const findBinary: RuntimeService["findBinary"] = async (principal, project) =>
    unwrap(await askSandbox(principal, project, (workspace, identity) => workspace.findClaudeBinary(identity)));
  return {
    findBinary,
    async checkUpdates(principal, project) {
      const installed = await findBinary(principal, project);
      const newest = await askSandbox(principal, project, (workspace, identity) =>
        workspace.findNewestClaude(identity),
      );
      return { installed, newest: unwrap(newest) };
    },
  };
}
