// Starts a new project's sandbox, which clones its repository; a clone that fails in time takes the project back.
import { unwrap } from "../../shared/errors/app-error.ts";
import type { WorkspaceApi, WorkspaceIdentity } from "../../shared/rpc/workspace-api.ts";

export type CloneRequest = {
  workspace: WorkspaceApi;
  identity: WorkspaceIdentity;
  waitMs: number;
  /** Keeps work going after the answer. */
  waitUntil: (work: Promise<unknown>) => void;
  /** Removes the project's rows. */
  undo: () => Promise<void>;
};

export async function cloneWithin(request: CloneRequest): Promise<"cloned" | "cloning"> {
  const clone = request.workspace.ensureRuntime(request.identity);
  const { promise: timeUp, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), request.waitMs);
  try {
    const answer = await Promise.race([clone, timeUp]);
    if (answer === null) {
      // What fails from here on is told to the first turn, which needs the same runtime.
      request.waitUntil(clone.catch(() => null));
      return "cloning";
    }
    unwrap(answer);
    return "cloned";
  } catch (error) {
    await request.workspace.destroy().catch(() => null);
    await request.undo();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
