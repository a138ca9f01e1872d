// Has the workspace take a checkpoint before a tool call whose strategy wants one. Nothing here holds a tool up for long.
import { decideToolKind, type ToolStrategy } from "../../shared/checkpoints/strategy-policy.ts";
import type { PermissionQuestion } from "../../shared/rpc/session-host-api.ts";
import type { LeaseAnswer, LeaseRequest, WorkspaceApi } from "../../shared/rpc/workspace-api.ts";
import type { SessionRow } from "../sessions/session-store.ts";
import { CALL_DEADLINE_MS, withDeadline } from "../deadline.ts";

const CHECKPOINT_DEADLINE_MS = 20_000;

type Parts = {
  workspace(): Pick<WorkspaceApi, "requestLease" | "beforeTool">;
  session(): SessionRow;
  onError(error: unknown): void;
};

export type ToolCheckpoints = {
  /** What a lease says about the turn's tools is remembered until another turn's. */
  learn(turnId: string, lease: LeaseAnswer): void;
  /** Never rejects: a tool neither runs nor is refused because of it. */
  before(question: PermissionQuestion): Promise<void>;
};

export function createToolCheckpoints(parts: Parts): ToolCheckpoints {
  let known: { turnId: string; strategy: ToolStrategy | null } | null = null;

  const leaseRequest = (turn_id: string): LeaseRequest => {
    const { workspace_id, team_id, project_id, git_url, session_id } = parts.session();
    return { identity: { workspace_id, team_id, project_id, git_url }, session_id, turn_id };
  };
  const learn = (turnId: string, lease: LeaseAnswer): void => {
    if (lease.granted) known = { turnId, strategy: lease.tool_checkpoints ?? null };
  };
  /** A turn that has its lease finds it again, and with it what it was told. */
  const strategyOf = async (turnId: string): Promise<ToolStrategy | null> => {
    if (known?.turnId !== turnId)
      learn(turnId, await withDeadline(parts.workspace().requestLease(leaseRequest(turnId)), CALL_DEADLINE_MS));
    return known?.turnId === turnId ? known.strategy : null;
  };

  return {
    learn,
    async before({ turn_id, tool_name, tool_input }) {
      try {
        const strategy = await strategyOf(turn_id);
        if (strategy === null || decideToolKind(strategy, { tool_name, tool_input }) === null) return;
        const { session_id } = parts.session();
        const taking = parts.workspace().beforeTool({ turn_id, session_id, tool_name, tool_input });
        await withDeadline(taking, CHECKPOINT_DEADLINE_MS);
      } catch (error) {
        parts.onError(error);
      }
    },
  };
}
