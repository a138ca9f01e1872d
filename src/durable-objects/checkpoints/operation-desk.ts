// Takes operations in, finds them again by their id, and waits for their end.
import type { OperationProgress, OperationView, StartOperation } from "../../shared/checkpoints/schema.ts";
import { answer, failure, type Answer } from "../../shared/errors/app-error.ts";
import type { Clock } from "../clock.ts";
import type { EventBell } from "../events/event-bell.ts";
import { LEASE_WORDS, type LeaseHolder, type LeaseStore } from "../workspaces/lease-store.ts";
import type { Engine } from "./engine.ts";
import { leaseKindOf, type OperationRunner } from "./operation-runner.ts";
import type { AnyRequest, OperationRow, OperationStore } from "./operation-store.ts";

const NOT_FOUND = failure(
  "operation_not_found",
  "There is no such operation here, or it ended more than a day ago. Start it again.",
);
const NO_PROGRESS = { files: 0, files_total: null, bytes: 0, bytes_total: null };

type Parts = {
  operations: OperationStore;
  leases: LeaseStore;
  engine: Pick<Engine, "progress">;
  runner: OperationRunner;
  clock: Clock;
  bell: EventBell;
};

export type OperationDesk = {
  start(start: StartOperation): Answer<OperationView>;
  wait(operationId: string, waitMs: number): Promise<Answer<OperationView>>;
};

export function createOperationDesk(parts: Parts): OperationDesk {
  const { operations, leases, runner, clock, bell } = parts;
  const find = (operationId: string): OperationRow | null => {
    const row = operations.get(operationId);
    // What the object does by itself is nobody's to ask for.
    return row === null || row.kind === "turn" || row.kind === "sleep" ? null : row;
  };

  return {
    start({ operation_id, request, if_busy }) {
      const earlier = find(operation_id);
      if (earlier !== null) return answer(view(parts, earlier));
      operations.prune(clock.nowMs());
      const busy = if_busy === "refuse" ? findBusy(parts) : null;
      if (busy !== null) return failure("workspace_busy", explainBusy(busy));
      enqueue(parts, { operation_id, request });
      runner.kick();
      const row = find(operation_id);
      return row === null ? NOT_FOUND : answer(view(parts, row));
    },
    async wait(operationId, waitMs) {
      const deadline = clock.nowMs() + waitMs;
      for (;;) {
        const row = find(operationId);
        if (row === null) return NOT_FOUND;
        const leftMs = deadline - clock.nowMs();
        if (row.status === "succeeded" || row.status === "failed" || leftMs <= 0) return answer(view(parts, row));
        await bell.wait(leftMs);
      }
    },
  };

  function enqueue(of: Parts, { operation_id, request }: { operation_id: string; request: AnyRequest }): void {
    if (!of.operations.add({ operation_id, request, nowMs: clock.nowMs() })) return;
    leases.join({ turn_id: operation_id, session_id: "", kind: leaseKindOf(request.kind) });
  }
}

/** What a caller who does not want to wait would wait for; what the object does by itself is over soon. */
function findBusy({ leases, operations }: Parts): LeaseHolder | null {
  const own = new Set(operations.unended().flatMap(({ kind, operation_id }) => (isOwn(kind) ? [operation_id] : [])));
  return leases.all().find(({ turn_id }) => !own.has(turn_id)) ?? null;
}

const isOwn = (kind: OperationRow["kind"]): boolean => kind === "turn" || kind === "sleep";

function explainBusy({ kind, session_id }: LeaseHolder): string {
  const what =
    kind === "turn" ? `A turn of the session ${session_id} runs or waits` : `${LEASE_WORDS[kind]} is under way`;
  return `${what} in this workspace. Wait for it, interrupt it, or call with if_busy: queue.`;
}

function view({ leases, engine }: Parts, row: OperationRow): OperationView {
  const { operation_id, kind, status, result, error } = row;
  if (kind === "turn" || kind === "sleep") throw new Error("an operation of the object's own is shown to nobody");
  const isWaiting = status === "queued" && leases.holder()?.turn_id !== operation_id;
  const progress: OperationProgress = engine.progress(operation_id) ?? {
    ...NO_PROGRESS,
    phase: phaseOf(status, isWaiting),
  };
  return { operation_id, kind, status, progress, result, error };
}

function phaseOf(status: OperationRow["status"], isWaiting: boolean): OperationProgress["phase"] {
  if (status === "succeeded" || status === "failed") return "finishing";
  return isWaiting ? "waiting" : "starting";
}
