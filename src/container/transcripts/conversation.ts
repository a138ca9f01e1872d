// How a session's conversation begins in this sandbox: resumed, as a copy of another one, or from nothing.
import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import type { TurnStart } from "../../shared/rpc/runner-session-api.ts";
import type { FixedOptions } from "../sessions/cli.ts";
import type { SessionSettings } from "../sessions/session-parts.ts";
import type { HostLink } from "../rpc/host-link.ts";
import { findTranscript } from "./transcript-files.ts";
import { restoreTranscript } from "./transcript-restore.ts";
import type { TranscriptUploader } from "./transcript-uploader.ts";

export type Beginning = { kind: "new" } | { kind: "resume" } | { kind: "fork"; from: string };

/** Nothing else says how long a link may stay away before the turn is given up. */
const RESTORE_LINK_MS = 60_000;

export type Conversation = {
  /** Puts the conversation's files in place where they are missing. */
  prepare(turn: TurnStart): Promise<void>;
};

type Parts = { configDir: string; folder: string; link: HostLink; uploader: TranscriptUploader };

export function createConversation({ config, runtimeId }: SessionSettings, parts: Parts): Conversation {
  return {
    async prepare(turn) {
      const { configDir, folder, link, uploader } = parts;
      uploader.know(turn.transcript);
      if (turn.transcript === null || (await canResume(configDir, turn.claude_session_id))) return;
      const connection = await link.whenConnected(AbortSignal.timeout(RESTORE_LINK_MS));
      if (connection === null) throw new Error("the link is away, so the conversation cannot be put back");
      const { host } = connection;
      const readBody = async (read: Parameters<typeof host.readBody>[0]) => host.readBody(read);
      await restoreTranscript({ configDir, folder, user: config.cliUser, runtimeId, readBody }, turn.transcript);
    },
  };
}

export async function chooseBeginning(
  configDir: string,
  { claudeSessionId, forkedFrom }: Pick<FixedOptions, "claudeSessionId" | "forkedFrom">,
): Promise<Beginning> {
  if (await canResume(configDir, claudeSessionId)) return { kind: "resume" };
  if (forkedFrom !== null && (await canResume(configDir, forkedFrom))) return { kind: "fork", from: forkedFrom };
  return { kind: "new" };
}

/** True when the conversation can be resumed; a transcript without a conversation is removed, as it could be neither resumed nor begun. */
export async function canResume(configDir: string, claudeSessionId: string): Promise<boolean> {
  const path = await findTranscript(configDir, claudeSessionId);
  if (path === null) return false;
  if (await holdsConversation(path)) return true;
  await rm(path, { force: true });
  return false;
}

const SAID = /"type":\s*"(?:user|assistant)"/;
/** Longer than what is looked for. */
const OVERLAP_CHARACTERS = 64;

/** A transcript may be long, and what is looked for stands near its beginning. */
async function holdsConversation(path: string): Promise<boolean> {
  let end = "";
  for await (const chunk of createReadStream(path, { encoding: "utf8" })) {
    const text = end + String(chunk);
    if (SAID.test(text)) return true;
    end = text.slice(-OVERLAP_CHARACTERS);
  }
  return false;
}
