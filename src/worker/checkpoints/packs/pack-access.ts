// Who may store or read a pack: the run token's signature and claims, then the Workspace object for each use.
import { AppError } from "../../../shared/errors/app-error.ts";
import type { WorkspaceApi } from "../../../shared/rpc/workspace-api.ts";
import { readRunTokenClaims, type RunTokenClaimsOf } from "../../../shared/tokens/run-token.ts";

export type PackAccessOptions = {
  /** The signed claims, or null when the signature does not hold. */
  verifyToken: (token: string) => Promise<unknown>;
  workspace: (workspaceId: string) => Pick<WorkspaceApi, "mayUsePacks">;
  nowMs: () => number;
};

type PackRoute = "packs:write" | "packs:read";

/** Each throws the same refusal, whatever is wrong. */
export type PackAccess = {
  /** What the token says, which nobody else can have written. */
  verify<Route extends PackRoute>(request: Request, route: Route): Promise<RunTokenClaimsOf<Route>>;
  /** Whether its operation is still under way, and may. `readPack` is null for a write. */
  confirm(claims: RunTokenClaimsOf<PackRoute>, readPack: string | null): Promise<void>;
};

/** A restore reads one pack by many ranges: the object is asked once in a while, not for each. */
const YES_MS = 5_000;
const MAX_YESES = 2_000;

export function createPackAccess(options: PackAccessOptions): PackAccess {
  const yeses = new Map<string, number>();
  const remember = (key: string) => {
    if (yeses.size >= MAX_YESES) yeses.clear();
    yeses.set(key, options.nowMs() + YES_MS);
  };
  return {
    async verify(request, route) {
      const [, token = ""] = /^Bearer (\S+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
      const read = readRunTokenClaims(await options.verifyToken(token), route, options.nowMs());
      if (!read.ok) throw refused();
      return read.claims;
    },
    async confirm({ team_id, workspace_id, runtime_id, operation_id }, readPack) {
      const key = `${team_id} ${workspace_id} ${runtime_id} ${operation_id} ${readPack}`;
      if (readPack !== null && (yeses.get(key) ?? 0) > options.nowMs()) return;
      const question = { team_id, runtime_id, operation_id, read_pack: readPack };
      if (!(await options.workspace(workspace_id).mayUsePacks(question))) throw refused();
      if (readPack !== null) remember(key);
    },
  };
}

function refused(): AppError {
  return new AppError("run_token_refused", "The run token is missing, not valid, expired, or does not open this.");
}
