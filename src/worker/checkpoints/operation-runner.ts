// Starts an operation of a workspace, or finds it again, and waits for its end in slices that tell the client how far it is.
import type { OperationProgress, OperationRequest, OperationView } from "../../shared/checkpoints/schema.ts";
import { AppError, unwrap } from "../../shared/errors/app-error.ts";
import { uuidV5 } from "../../shared/ids.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { type CheckpointWorkspace, identityOf, type Place } from "./checkpoint-access.ts";

export type Waiting = {
  reportProgress: (progress: number, message: string) => Promise<void>;
  signal: AbortSignal;
};

export type OperationStart = {
  request: OperationRequest;
  operation_id: string;
  if_busy: "queue" | "refuse";
};

export type OperationRunner = {
  /** The same for the same person, kind and key; a new one without a key. */
  idFor(principal: Principal, kind: string, key: string | null): Promise<string>;
  /** Comes back when it has ended or time is up; what failed is thrown. */
  run(principal: Principal, place: Place, start: OperationStart, waiting: Waiting): Promise<OperationView>;
  /** Goes on waiting for one that runs already. */
  resume(place: Place, operationId: string, waiting: Waiting): Promise<OperationView>;
};

export type OperationRunnerOptions = {
  workspace: (workspaceId: string) => CheckpointWorkspace;
  newId: () => string;
  nowMs: () => number;
  subtle: { digest(algorithm: "SHA-1", data: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> };
};

/** Below what hosted clients wait for a call. */
const WAIT_MS = 35_000;
/** What takes longer tells how far it is, at first after this, and then at that pace. */
const FIRST_SLICE_MS = 1_000;
const SLICE_MS = 2_500;
/** Fixed for good: another namespace would give repeated calls another operation. */
const NAMESPACE = "berth:idempotent-operation:90c4d7b2";

export function createOperationRunner(options: OperationRunnerOptions): OperationRunner {
  return {
    async idFor({ team_id, user_id }, kind, key) {
      if (key === null) return options.newId();
      const name = JSON.stringify([NAMESPACE, team_id, user_id, kind, key]);
      const sha1 = await options.subtle.digest("SHA-1", Uint8Array.from(new TextEncoder().encode(name)));
      return uuidV5(new Uint8Array(sha1));
    },
    async run(principal, place, start, waiting) {
      const workspace = options.workspace(place.workspace_id);
      const startedAtMs = options.nowMs();
      const view = unwrap(await workspace.startOperation(identityOf(principal, place), start, FIRST_SLICE_MS));
      return wait(options, { workspace, view, startedAtMs }, waiting);
    },
    async resume(place, operationId, waiting) {
      const workspace = options.workspace(place.workspace_id);
      const startedAtMs = options.nowMs();
      const view = unwrap(await workspace.waitForOperation(operationId, FIRST_SLICE_MS));
      return wait(options, { workspace, view, startedAtMs }, waiting);
    },
  };
}

async function wait(
  { nowMs }: OperationRunnerOptions,
  { workspace, view: first, startedAtMs }: { workspace: CheckpointWorkspace; view: OperationView; startedAtMs: number },
  waiting: Waiting,
): Promise<OperationView> {
  let view = first;
  for (;;) {
    if (view.status === "failed") {
      const { code, message } = view.error ?? { code: "internal", message: "The operation failed. Try again." };
      throw new AppError(code, message);
    }
    const leftMs = startedAtMs + WAIT_MS - nowMs();
    if (view.status === "succeeded" || leftMs <= 0 || waiting.signal.aborted) return view;
    await waiting.reportProgress((nowMs() - startedAtMs) / 1000, describeProgress(view));
    view = unwrap(await workspace.waitForOperation(view.operation_id, Math.min(leftMs, SLICE_MS)));
  }
}

/** In files and bytes, as far as they are known. */
export function describeProgress({ status, progress }: Pick<OperationView, "status" | "progress">): string {
  if (status === "queued") return "waiting for the workspace";
  const { phase, files, bytes } = progress;
  return `${phase}: ${outOf(files, progress.files_total)} files, ${outOf(bytes, progress.bytes_total)} bytes`;
}

const outOf = (done: number, total: OperationProgress["files_total"]): string =>
  total === null ? String(done) : `${done} of ${total}`;
