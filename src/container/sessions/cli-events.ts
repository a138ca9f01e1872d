// What the session records when its CLI starts and exits.
import type { HookResult } from "../../shared/hooks/hook-result.ts";
import { type EntrySpool, SpoolWriteError } from "../events/entry-spool.ts";
import type { SessionMark } from "../processes/process-list.ts";
import { killMarked } from "../processes/process-tree.ts";
import type { CliExit } from "../processes/spawn-cli.ts";
import type { SavedTotals } from "../transcripts/saved-totals.ts";
import type { Cli } from "./cli.ts";
import type { MessageRecorder } from "./message-recorder.ts";
import type { TurnTracker } from "./turn-tracker.ts";

export type CliEventParts = {
  spool: EntrySpool;
  turns: TurnTracker;
  recorder: MessageRecorder;
  /** How everything is found that the CLI started. */
  started: SessionMark;
};

export type CliEvents = ReturnType<typeof createCliEvents>;

export function createCliEvents({ spool, turns, recorder, started }: CliEventParts) {
  return {
    onHook(hook: HookResult): void {
      spool.record({ kind: "hook_executed", turn_id: turns.running()?.turnId ?? null, hook });
    },

    onStarted(cli: Cli, start: { resumed: boolean; totals: SavedTotals }): void {
      if (cli.pid === null) return;
      const turnId = turns.running()?.turnId ?? null;
      const claude_session_id = cli.fixed.claudeSessionId;
      spool.record({ kind: "cli_started", turn_id: turnId, pid: cli.pid, claude_session_id, ...start });
    },

    /** A turn whose log would have a hole is stopped rather than shown as whole. */
    onMessageLost(cli: Cli, error: unknown): void {
      if (!(error instanceof SpoolWriteError)) return;
      turns.endUnrecorded();
      cli.kill();
    },

    onExit(cli: Cli, exit: CliExit): void {
      killMarked(started.mark, started.user);
      recorder.onExit();
      const running = turns.running();
      const turnId = running?.cli === cli ? running.turnId : null;
      if (exit.started) {
        spool.record({ kind: "cli_exited", turn_id: turnId, exit_code: exit.exitCode, signal: exit.signal });
      }
      if (turnId !== null) turns.endWithExit(exit);
    },
  };
}
