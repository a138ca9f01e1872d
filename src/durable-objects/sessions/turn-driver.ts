// Drives the session: does the step that the lifecycle policy names until nothing is left to do. One drive at a time;
// every step finds its place again after a restart, so being cut off costs nothing but time.
import { decideDriveStep, type DriveFacts } from "../../shared/sessions/lifecycle-policy.ts";
import type { SteerDesk } from "../steering/steer-desk.ts";
import { createRuntimeAttacher, type RuntimeAttacherParts } from "./runtime-attacher.ts";

export type TurnDriverParts = RuntimeAttacherParts & {
  steering: SteerDesk;
  /** Looks after the runner from time to time from now on. */
  watch(): void;
  /** Gives back what ended turns held, however they ended. */
  releaseEnded(): Promise<void>;
  /** Gives the connection back, after a while. */
  rest(): void;
};

export type TurnDriver = {
  /** Runs until nothing is to do now. A call during a run makes it look once more. */
  drive(): Promise<void>;
  requestWake(): void;
  /** The runtime is gone: its turns end, and its tokens are void from here on. */
  loseRuntime(): void;
};

export function createTurnDriver(parts: TurnDriverParts): TurnDriver {
  let running: Promise<void> | null = null;
  let again = false;
  let wakeRequested = false;
  const attacher = createRuntimeAttacher(parts);

  const facts = (): DriveFacts => {
    const { status, background_tasks } = parts.sessions.get();
    const { open, queued } = parts.turns.countUnended();
    return {
      ended: status === "ended",
      openTurns: open,
      queuedTurns: queued,
      linkLive: parts.connection.current() !== null,
      backgroundTasks: background_tasks,
      wakeRequested,
    };
  };

  const step = async (): Promise<boolean> => {
    parts.steering.requeue();
    await parts.releaseEnded();
    switch (decideDriveStep(facts())) {
      case "attach":
        if (!(await attacher.attach())) return false;
        wakeRequested = false;
        return true;
      case "begin":
        return parts.beginner.beginNext();
      case "watch":
        wakeRequested = false;
        parts.watch();
        await attacher.repeatHandOver();
        return false;
      case "rest":
        wakeRequested = false;
        parts.rest();
        return false;
    }
  };

  const run = async (): Promise<void> => {
    try {
      do {
        again = false;
        while (await step());
      } while (again);
    } finally {
      // In the same breath as the last look at `again`: a call in between would join a run that looks no more.
      running = null;
    }
  };

  return {
    loseRuntime: () => attacher.lose(),
    requestWake: () => (wakeRequested = true),
    drive() {
      again = true;
      running ??= run();
      return running;
    },
  };
}
