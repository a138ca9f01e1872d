// What follows a turn in its workspace, and what stands in the way of a workspace's own end.
import { failure } from "../../shared/errors/app-error.ts";
import { CHECKPOINTS_PROTOCOL_VERSION } from "../../shared/rpc/protocol.ts";
import type { TurnEnding } from "../../shared/rpc/workspace-api.ts";
import type { Workspace } from "./compose-workspace.ts";
import { LEASE_WORDS } from "./lease-store.ts";
import { scheduleKeeping } from "./workspace-tasks.ts";

/** What the object does by itself is over soon; it is waited for this long. */
const OWN_WORK_MS = 10_000;
const LOOK_MS = 200;

export async function endTurn(workspace: Workspace, turnId: string, ending: TurnEnding | null): Promise<void> {
  const takesCheckpoints = (workspace.store.runtime()?.protocol_version ?? 0) >= CHECKPOINTS_PROTOCOL_VERSION;
  const isHolder = workspace.leases.holder()?.turn_id === turnId;
  if (isHolder && !takesCheckpoints) await workspace.noteFiles().catch(() => undefined);
  workspace.checkpoints.own.turnEnded(turnId, ending);
  scheduleKeeping(workspace);
}

/** Null when nothing runs or waits, and D1 has every row. */
export async function findBusy(workspace: Workspace): Promise<ReturnType<typeof failure> | null> {
  await workspace.desk.review();
  await waitForOwnWork(workspace);
  const holder = workspace.leases.holder();
  if (holder?.kind === "turn") {
    const message = "A turn runs or waits in this project. Interrupt it or wait, then delete the project.";
    return failure("project_busy", message);
  }
  const asked = workspace.checkpoints.operations.unended().some(({ kind }) => kind !== "turn" && kind !== "sleep");
  if (workspace.checkpoints.isBusy() || asked) {
    const what = holder === null ? "A checkpoint" : LEASE_WORDS[holder.kind];
    return failure("project_busy", `${what} is under way in this project. Wait for it, then delete the project.`);
  }
  return (await deliverRows(workspace)) ? null : NOT_STORED;
}

const NOT_STORED = failure(
  "project_busy",
  "What was last recorded of this project's checkpoints is still being stored. Try again in a moment.",
);

async function waitForOwnWork({ checkpoints, clock }: Workspace): Promise<void> {
  const deadline = clock.nowMs() + OWN_WORK_MS;
  while (checkpoints.isBusy() && clock.nowMs() < deadline) await checkpoints.bell.wait(LOOK_MS);
}

/** The timeline outlives its workspace: rows that D1 does not have would be lost with the object. */
async function deliverRows({ checkpoints }: Workspace): Promise<boolean> {
  try {
    for (let rounds = 0; rounds < 20; rounds++) if (await checkpoints.delivery.run()) return true;
  } catch {
    return !checkpoints.delivery.owesRows();
  }
  return false;
}
