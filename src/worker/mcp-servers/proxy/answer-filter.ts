// Passes a server's answer on, message by message: lists without what may not be called, and no value of a secret.
import { AppError } from "../../../shared/errors/app-error.ts";
import { filterIncoming } from "../../../shared/mcp-servers/message-policy.ts";
import { strikeOut } from "../hidden-values.ts";
import { MAX_MESSAGE_BYTES } from "../outbound-limits.ts";
import { formatSseEvent, type SseEvent, splitSse } from "./sse-events.ts";

export type AnswerFilter = {
  allowed_tools: readonly string[] | null;
  hidden: readonly string[];
  onTools: (count: number) => void;
  /** Where messages go to, as an SSE server says it, in words that may be passed on. */
  endpoint: (data: string) => Promise<string>;
};

export async function filterJson(answer: Response, filter: AnswerFilter): Promise<string> {
  const text = await answer.text();
  if (text.length > MAX_MESSAGE_BYTES) throw unreadable();
  if (text.trim() === "") return "";
  return filterMessage(text, filter);
}

/** A chain of pipes: what fails or is left at one end is cancelled at the other, also while the server is silent. */
export function filterStream(body: ReadableStream<Uint8Array>, filter: AnswerFilter): ReadableStream<Uint8Array> {
  const filtering = new TransformStream<SseEvent, string>({
    async transform(event, controller) {
      controller.enqueue(formatSseEvent(await filterEvent(event, filter)));
    },
  });
  return body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(splitSse(MAX_MESSAGE_BYTES))
    .pipeThrough(filtering)
    .pipeThrough(new TextEncoderStream());
}

async function filterEvent(event: SseEvent, filter: AnswerFilter): Promise<SseEvent> {
  if (event.event === "endpoint") return { ...event, data: await filter.endpoint(event.data) };
  if (!isMessageEvent(event)) return { ...event, event: null, data: "" };
  if (event.data === "") return event;
  return { ...event, data: filterMessage(event.data, filter) };
}

/** Of others Claude Code takes no notice: their number is passed on, from which a cut stream goes on, and nothing of what they say. */
function isMessageEvent({ event }: SseEvent): boolean {
  return event === null || event === "" || event === "message";
}

/** What is no message is not passed on: it could be anything. */
function filterMessage(text: string, { allowed_tools, hidden, onTools }: AnswerFilter): string {
  const { message, tools } = filterIncoming(parse(text), { allowed_tools });
  if (tools !== null) onTools(tools);
  return strikeOut(JSON.stringify(message), hidden, (value) => JSON.stringify(value).slice(1, -1));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable();
  }
}

function unreadable(): AppError {
  return new AppError("mcp_server_failed", "The MCP server's answer is no message that can be passed on.");
}
