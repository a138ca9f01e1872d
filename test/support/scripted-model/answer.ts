// Turns one step into an answer of the Messages API: a stream of server-sent events, or one message.
import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Action, Step } from "./scenario.ts";

const DEFAULT_DELTA_CHARS = 24;
/** Long outputs come in larger deltas, or a megabyte would be 40,000 events. */
const LONG_OUTPUT_CHARS = 20_000;
const LONG_DELTA_CHARS = 4096;

export type AnswerContext = {
  model: string;
  inputTokens: number;
  /** What the step claims besides. */
  claimed?: Record<string, unknown>;
  /** Deltas after which the connection is cut; null for never. */
  cutAfterDeltas: number | null;
  waitAtGate: (gate: string) => Promise<void>;
};

type Block = { start: Record<string, unknown>; deltas: { type: string; key: string; text: string }[] };

/** Sends the step; returns early when the client goes away. */
export async function streamAnswer(response: ServerResponse, step: Step, context: AnswerContext): Promise<void> {
  const writer = createWriter(response, context);
  for (const action of step) {
    if (response.destroyed) return;
    if (action.type === "hold") await context.waitAtGate(action.gate);
    else if (action.type === "pace") writer.setPace(action.delay_ms, action.delta_chars ?? null);
    else {
      const block = toBlock(action);
      if (block !== null) await writer.writeBlock(block);
    }
  }
  writer.end(step);
}

function createWriter(response: ServerResponse, context: AnswerContext) {
  let delayMs = 0;
  let deltaChars: number | null = null;
  let blockIndex = 0;
  let deltas = 0;
  let outputChars = 0;

  function send(event: Record<string, unknown>): void {
    if (response.destroyed) return;
    if (!response.headersSent) open();
    response.write(`event: ${String(event["type"])}\ndata: ${JSON.stringify(event)}\n\n`);
  }

  function open(): void {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache", ...requestId() });
    const usage = { ...NO_CACHE, ...context.claimed, input_tokens: context.inputTokens, output_tokens: 1 };
    send({ type: "message_start", message: { ...emptyMessage(context.model), usage } });
  }

  async function writeDelta(delta: Record<string, unknown>): Promise<void> {
    if (context.cutAfterDeltas !== null && deltas >= context.cutAfterDeltas) {
      if (!response.headersSent) open();
      response.destroy();
      return;
    }
    if (delayMs > 0) await sleep(delayMs);
    send({ type: "content_block_delta", index: blockIndex, delta });
    deltas += 1;
    if (response.writableNeedDrain) await drained(response);
  }

  async function writeBlock(block: Block): Promise<void> {
    send({ type: "content_block_start", index: blockIndex, content_block: block.start });
    for (const delta of block.deltas) {
      outputChars += delta.text.length;
      const size = deltaChars ?? (delta.text.length > LONG_OUTPUT_CHARS ? LONG_DELTA_CHARS : DEFAULT_DELTA_CHARS);
      for (let from = 0; from < Math.max(1, delta.text.length); from += size) {
        if (response.destroyed) return;
        await writeDelta({ type: delta.type, [delta.key]: delta.text.slice(from, from + size) });
      }
    }
    send({ type: "content_block_stop", index: blockIndex });
    blockIndex += 1;
  }

  function end(step: Step): void {
    const { input_tokens: _input, ...claimed } = claimedUsage(step);
    const usage = { ...claimed, output_tokens: claimed.output_tokens ?? Math.ceil(outputChars / 4) };
    send({ type: "message_delta", delta: { stop_reason: stopReason(step), stop_sequence: null }, usage });
    send({ type: "message_stop" });
    response.end();
  }

  return {
    writeBlock,
    end,
    setPace(nextDelayMs: number, nextDeltaChars: number | null) {
      delayMs = nextDelayMs;
      deltaChars = nextDeltaChars;
    },
  };
}

/** The step as one message, for requests that do not stream. */
export async function completeAnswer(
  step: Step,
  context: Pick<AnswerContext, "model" | "inputTokens" | "waitAtGate">,
): Promise<Record<string, unknown>> {
  const content: Record<string, unknown>[] = [];
  for (const action of step) {
    if (action.type === "hold") await context.waitAtGate(action.gate);
    const block = toContent(action);
    if (block !== null) content.push(block);
  }
  const usage = {
    output_tokens: Math.ceil(JSON.stringify(content).length / 4),
    ...NO_CACHE,
    ...claimedUsage(step),
    input_tokens: context.inputTokens,
  };
  return { ...emptyMessage(context.model), content, stop_reason: stopReason(step), usage };
}

type ClaimedUsage = { input_tokens?: number | undefined; output_tokens?: number | undefined };

export function claimedUsage(step: Step): ClaimedUsage & Record<string, unknown> {
  const { type: _type, ...usage } = step.find((action) => action.type === "usage") ?? {};
  return usage;
}

const NO_CACHE = { cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };

function requestId(): Record<string, string> {
  return { "request-id": `req_${randomUUID()}` };
}

function emptyMessage(model: string): Record<string, unknown> {
  return {
    id: `msg_${randomUUID()}`,
    type: "message",
    role: "assistant",
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
  };
}

function stopReason(step: Step): string {
  return step.some((action) => action.type === "tool") ? "tool_use" : "end_turn";
}

function toContent(action: Action): Record<string, unknown> | null {
  if (action.type === "text") return { type: "text", text: action.text.repeat(action.repeat ?? 1) };
  if (action.type === "thinking") return { type: "thinking", thinking: action.thinking, signature: "c2NyaXB0ZWQ=" };
  if (action.type === "tool") {
    return { type: "tool_use", id: `toolu_${randomUUID()}`, name: action.name, input: action.input };
  }
  return null;
}

function toBlock(action: Action): Block | null {
  const content = toContent(action);
  if (content === null) return null;
  if (content["type"] === "text") {
    const deltas = [{ type: "text_delta", key: "text", text: String(content["text"]) }];
    return { start: { type: "text", text: "" }, deltas };
  }
  if (content["type"] === "thinking") {
    const deltas = [
      { type: "thinking_delta", key: "thinking", text: String(content["thinking"]) },
      { type: "signature_delta", key: "signature", text: String(content["signature"]) },
    ];
    return { start: { type: "thinking", thinking: "", signature: "" }, deltas };
  }
  const deltas = [{ type: "input_json_delta", key: "partial_json", text: JSON.stringify(content["input"]) }];
  return { start: { ...content, input: {} }, deltas };
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });
}
