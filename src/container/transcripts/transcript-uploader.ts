// Brings the conversation's files out of the sandbox after each turn: once the object has the turn's end, and until it
// has the files. A turn that ends meanwhile takes the place of the one before it.
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { MAX_BODY_PART_BYTES } from "../../shared/limits.ts";
import type { TranscriptFile, TranscriptManifest } from "../../shared/transcripts/schema.ts";
import type { EntrySpool } from "../events/entry-spool.ts";
import { logFailure } from "../log.ts";
import { type HostConnection, type HostLink, withDeadline } from "../rpc/host-link.ts";
import { type FileSize, listTranscriptFiles } from "./transcript-files.ts";
import { storeFile } from "./transcript-pieces.ts";

const CALL_DEADLINE_MS = 60_000;
/** Doubled with each failure: what is refused for a reason is refused again. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

const storedSchema = z.object({ stored: z.boolean() });
const committedSchema = z.object({ transcript_version: z.int().positive() });

type Snapshot = { turnId: string; afterSeq: number; files: FileSize[] };

export type TranscriptUploader = {
  /** To be called right after the turn's end is recorded, before anything else is given to the CLI. */
  turnEnded(turnId: string): void;
  /** What is stored already. */
  know(manifest: TranscriptManifest | null): void;
  /** Resolves once nothing waits to be stored. */
  whenStored(): Promise<void>;
  isStored(): boolean;
};

export type UploaderParts = { folder: string; spool: EntrySpool; link: HostLink; runtimeId: string };

export function createTranscriptUploader(parts: UploaderParts, signal: AbortSignal): TranscriptUploader {
  let known = new Map<string, TranscriptFile>();
  let pending: Snapshot | null = null;
  let running: Promise<void> | null = null;
  let pauseMs = FIRST_PAUSE_MS;
  let paused = new AbortController();

  async function pause(): Promise<void> {
    const thisMs = pauseMs;
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    await sleep(thisMs, undefined, { signal: AbortSignal.any([signal, paused.signal]) }).catch(() => {});
  }

  /** There is something new to store, or somebody waits for it: it is tried at once, and often again. */
  function hurry(): void {
    pauseMs = FIRST_PAUSE_MS;
    paused.abort();
    paused = new AbortController();
  }

  async function run(): Promise<void> {
    while (pending !== null && !signal.aborted) {
      const snapshot: Snapshot = pending;
      await parts.spool.whenAcknowledged(snapshot.afterSeq);
      const connection = await parts.link.whenConnected(signal);
      if (connection === null) return;
      try {
        const files = await upload(parts, connection, { snapshot, known });
        known = new Map(files.map((file) => [file.path, file]));
        if (pending === snapshot) pending = null;
      } catch (error) {
        logFailure("transcript_not_stored", error);
        await pause();
      }
    }
  }

  return {
    know(manifest) {
      if (known.size === 0) known = new Map((manifest?.files ?? []).map((file) => [file.path, file]));
    },
    turnEnded(turnId) {
      const files = listFiles(parts.folder);
      if (files.length === 0) return;
      pending = { turnId, afterSeq: parts.spool.lastSeq(), files };
      hurry();
      running ??= run().finally(() => (running = null));
    },
    async whenStored() {
      hurry();
      await running;
    },
    isStored: () => running === null,
  };
}

async function upload(
  { folder, runtimeId }: UploaderParts,
  { host }: HostConnection,
  { snapshot, known }: { snapshot: Snapshot; known: Map<string, TranscriptFile> },
): Promise<TranscriptFile[]> {
  const put = async ({ sha256, content }: { sha256: string; content: Buffer<ArrayBuffer> }): Promise<void> => {
    for (let offset = 0; offset < content.length; offset += MAX_BODY_PART_BYTES) {
      const bytes = content.subarray(offset, offset + MAX_BODY_PART_BYTES);
      const part = { runtime_id: runtimeId, sha256, total_bytes: content.length, offset, bytes };
      if (storedSchema.parse(await withDeadline(host.putBodyPart(part), CALL_DEADLINE_MS)).stored) return;
    }
    throw new Error("The object took all parts of a transcript and did not store it");
  };
  const files: TranscriptFile[] = [];
  for (const file of snapshot.files) files.push(await storeFile(folder, file, known.get(file.path), put));
  const commit = { runtime_id: runtimeId, turn_id: snapshot.turnId, files };
  committedSchema.parse(await withDeadline(host.commitTranscript(commit), CALL_DEADLINE_MS));
  return files;
}

function listFiles(folder: string): FileSize[] {
  try {
    return listTranscriptFiles(folder);
  } catch (error) {
    // A turn may end before Claude Code has written anything.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") logFailure("transcript_not_listed", error);
    return [];
  }
}
