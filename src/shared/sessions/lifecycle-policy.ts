// The session's lifecycle as pure decisions: what to do next, and when a turn that nobody hears of has ended.
import type { RuntimeLookup } from "../rpc/workspace-api.ts";
import type { SessionStatus } from "./schema.ts";

/** A runtime that runs but does not answer is given up, and fenced off, after this long. */
export const UNREACHABLE_LIMIT_MS = 60_000;

export type DriveFacts = {
  ended: boolean;
  /** Turns handed to a runtime and not ended. */
  openTurns: number;
  queuedTurns: number;
  linkLive: boolean;
  backgroundTasks: number;
  /** The runner said that it has something for us. */
  wakeRequested: boolean;
};

export type DriveStep =
  /** Hold a live link to the runtime of the open turns, or find out that it is gone. */
  | "attach"
  /** Slot, lease, sandbox, link, hand-over: begin the first queued turn. */
  | "begin"
  /** The link is live and work goes on: nothing to do but watch. */
  | "watch"
  /** Nothing to do: let go of the link. */
  | "rest";

export function decideDriveStep(facts: DriveFacts): DriveStep {
  // Also an ended session takes what its runner still has to say, so that the log is whole and the runner rests.
  if (facts.ended) return facts.wakeRequested && !facts.linkLive ? "attach" : "rest";
  if (facts.openTurns > 0) return facts.linkLive ? "watch" : "attach";
  if (facts.queuedTurns > 0) return "begin";
  if (facts.wakeRequested || facts.backgroundTasks > 0) return facts.linkLive ? "watch" : "attach";
  return "rest";
}

export type AttachFacts = {
  lookup: RuntimeLookup;
  /** The runtime that the session's open turns were handed to. */
  runtimeId: string;
  unreachableForMs: number;
};

/** `connect`: the same runtime lives. `retry`: nothing is known yet. `lost`: it is gone, and its turns with it. */
export function decideAttach(facts: AttachFacts): "connect" | "retry" | "lost" {
  if (facts.lookup.state === "gone") return "lost";
  if (facts.lookup.state === "running") return facts.lookup.runtime_id === facts.runtimeId ? "connect" : "lost";
  return facts.unreachableForMs >= UNREACHABLE_LIMIT_MS ? "lost" : "retry";
}

export type StatusFacts = {
  current: SessionStatus;
  runningTurn: boolean;
  handedOverTurn: boolean;
  queuedTurn: boolean;
  backgroundTasks: number;
  budgetExceeded: boolean;
  /** A person is asked, and nobody has answered yet. */
  asksPerson: boolean;
};

/** The status that follows from the turns; `ended` and `failed` are final. */
export function deriveStatus(facts: StatusFacts): SessionStatus {
  if (facts.current === "ended" || facts.current === "failed") return facts.current;
  if (facts.asksPerson) return "waiting_for_permission";
  if (facts.runningTurn) return "running";
  if (facts.handedOverTurn) return "starting";
  if (facts.queuedTurn) return facts.current === "starting" ? "starting" : "queued";
  if (facts.backgroundTasks > 0) return "running";
  return facts.budgetExceeded ? "budget_exceeded" : "idle";
}
