// Passes the provider's answer on as it is, and reads on the way what it used.
import { type AnswerUsage, createAnswerReader, readWholeAnswer } from "../../shared/accounting/answer-usage.ts";

/** A longer line, or a longer answer that does not stream, is none that says what was used. */
const MAX_CHARACTERS = 16 * 1024 * 1024;
/** What a delta's event has besides the text. */
const DELTA_ENVELOPE = 100;
const TOLD = new Set(["message_start", "message_delta"]);

type Reading = { onText(text: string): void; end(): AnswerUsage | null };
export type Metered = {
  /** Null when the answer does not say, or was cut off before it did. */
  usage: AnswerUsage | null;
  /** Characters of it that came. */
  characters: number;
};

/** Passes the answer from the provider to Claude Code, and says what it used. Never rejects. */
export async function passAndMeter(
  from: ReadableStream<Uint8Array>,
  to: WritableStream<Uint8Array>,
  contentType: string,
): Promise<Metered> {
  let characters = 0;
  const reading = contentType.includes("text/event-stream") ? readEvents() : readWhole();
  const decoder = new TextDecoder();
  const reader = from.getReader();
  const writer = to.getWriter();
  // Claude Code may go while the provider is silent: the provider is to stop then, too.
  writer.closed.catch((error: unknown) => reader.cancel(error)).catch(() => null);
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const text = decoder.decode(part.value, { stream: true });
      characters += text.length;
      reading.onText(text);
      await writer.write(part.value);
    }
    await writer.close();
  } catch (error) {
    // One of the two has gone in mid-answer: what was said until then counts.
    await Promise.allSettled([reader.cancel(error), writer.abort(error)]);
  }
  return { usage: reading.end(), characters };
}

function readWhole(): Reading {
  let text = "";
  return {
    onText: (more) => void (text = text.length > MAX_CHARACTERS ? text : text + more),
    end: () => readWholeAnswer(readJson(text)),
  };
}

function readEvents(): Reading {
  const answer = createAnswerReader();
  let name = "";
  let rest = "";
  const onLine = (line: string): void => {
    if (line.startsWith("event:")) name = line.slice("event:".length).trim();
    if (!line.startsWith("data:")) return;
    if (TOLD.has(name)) answer.onEvent(name, readJson(line.slice("data:".length)));
    if (name === "content_block_delta") answer.onOutput(Math.max(1, line.length - DELTA_ENVELOPE));
  };
  return {
    onText(text) {
      const lines = (rest + text).split(/\r?\n/);
      rest = (lines.pop() ?? "").slice(0, MAX_CHARACTERS);
      for (const line of lines) onLine(line);
    },
    end: () => answer.end(),
  };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
