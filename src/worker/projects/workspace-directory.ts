// The port to the Workspace objects: one per workspace id.
import type { WorkspaceApi } from "../../shared/rpc/workspace-api.ts";

export type WorkspaceDirectory = { workspace(workspaceId: string): WorkspaceApi };
