// Takes the conversation's files from the runner and gives them back: pieces first, then the version that names them.
import type { BodyRead, TranscriptCommit } from "../../shared/rpc/session-host-api.ts";
import type { TranscriptFile } from "../../shared/transcripts/schema.ts";
import type { BodyStore } from "../events/body-store.ts";
import type { SessionLogParts } from "../sessions/session-log.ts";
import type { TranscriptStore } from "./transcript-store.ts";

type Parts = Pick<SessionLogParts, "sessions" | "events" | "clock"> & {
  transcripts: TranscriptStore;
  bodies: BodyStore;
};

export type TranscriptKeeper = {
  commit(commit: TranscriptCommit): Promise<number>;
  read(read: BodyRead): Promise<Uint8Array>;
};

export function createTranscriptKeeper(parts: Parts): TranscriptKeeper {
  const { sessions, transcripts, bodies, events, clock } = parts;

  const refuseStranger = (runtimeId: string): void => {
    if (sessions.get().runtime_id !== runtimeId) throw new Error("this runtime is not the session's any more");
  };

  return {
    async commit(commit) {
      refuseStranger(commit.runtime_id);
      const held = new Set(hashes(transcripts.newest()?.files ?? []));
      for (const sha256 of hashes(commit.files)) {
        if (!held.has(sha256) && !(await bodies.has(sha256)))
          throw new Error("a piece of the transcript is not stored");
      }
      refuseStranger(commit.runtime_id);
      const eventSeq = events.endOfTurn(commit.turn_id);
      if (eventSeq === null) throw new Error("the turn has not ended");
      return transcripts.add({
        turn_id: commit.turn_id,
        event_seq: eventSeq,
        files: commit.files,
        created_at: clock.nowIso(),
      });
    },
    async read({ runtime_id, sha256, offset, bytes }) {
      refuseStranger(runtime_id);
      const isNamed = hashes(transcripts.newest()?.files ?? []).includes(sha256);
      const part = isNamed ? await bodies.read(sha256, { offset, length: bytes }) : null;
      if (part === null) throw new Error("the transcript names no such piece");
      return part;
    },
  };
}

function hashes(files: readonly TranscriptFile[]): string[] {
  return files.flatMap((file) => file.segments.map((segment) => segment.sha256));
}
