// What Claude Code has saved of its own count with a conversation: a CLI that resumes it, or a copy of it, goes on from there.
import { type FileHandle, open } from "node:fs/promises";
import { z } from "zod";
import { readReportedUsage, type ReportedUsage } from "../../shared/accounting/reported-usage.ts";
import { findTranscript } from "./transcript-files.ts";

export type SavedTotals = { total_cost_usd: number; model_usage: ReportedUsage };

export const NOTHING_SAVED: SavedTotals = { total_cost_usd: 0, model_usage: {} };

const MARK = Buffer.from('"cost-state"');
const CHUNK_BYTES = 1024 * 1024;
/** A line of this kind has a few hundred bytes for each model. */
const MAX_LINE_BYTES = 256 * 1024;

const lineSchema = z.looseObject({
  type: z.literal("cost-state"),
  sessionId: z.string(),
  totalCostUSD: z.number().nonnegative(),
  modelUsage: z.unknown().optional(),
});

/** It is written when a CLI ends in good order: one that was killed leaves what the one before it had saved, or nothing. */
export async function readSavedTotals(configDir: string, claudeSessionId: string): Promise<SavedTotals> {
  const path = await findTranscript(configDir, claudeSessionId);
  if (path === null) return NOTHING_SAVED;
  const file = await open(path, "r").catch(() => null);
  if (file === null) return NOTHING_SAVED;
  try {
    return await findNewest(file, claudeSessionId);
  } finally {
    await file.close();
  }
}

/** From the end, because that is where the newest is. */
async function findNewest(file: FileHandle, claudeSessionId: string): Promise<SavedTotals> {
  let end = (await file.stat()).size;
  while (end > 0) {
    const start = Math.max(0, end - CHUNK_BYTES);
    const chunk = await readRange(file, start, end);
    for (let at = chunk.lastIndexOf(MARK); at >= 0; at = at === 0 ? -1 : chunk.lastIndexOf(MARK, at - 1)) {
      const totals = readLine(await lineAround(file, start + at), claudeSessionId);
      if (totals !== null) return totals;
    }
    // A mark that lies across the border is found whole in the next part.
    end = start === 0 ? 0 : start + MARK.length - 1;
  }
  return NOTHING_SAVED;
}

async function lineAround(file: FileHandle, at: number): Promise<string> {
  const from = Math.max(0, at - MAX_LINE_BYTES);
  const around = await readRange(file, from, at + MAX_LINE_BYTES);
  const start = around.lastIndexOf("\n", at - from) + 1;
  const end = around.indexOf("\n", at - from);
  return around.subarray(start, end === -1 ? undefined : end).toString("utf8");
}

async function readRange(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const buffer = Buffer.alloc(end - start);
  const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
  return buffer.subarray(0, bytesRead);
}

/** Null for a line that only speaks of it, and for another conversation's. */
function readLine(line: string, claudeSessionId: string): SavedTotals | null {
  const parsed = lineSchema.safeParse(parseJson(line));
  if (!parsed.success || parsed.data.sessionId !== claudeSessionId) return null;
  return { total_cost_usd: parsed.data.totalCostUSD, model_usage: readReportedUsage(parsed.data.modelUsage) };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
