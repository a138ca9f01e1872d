// A session's events as a transcript for people: prompts, what Claude says, tool calls and results shortened, costs.
import { z } from "zod";
import type { EventType, SessionEvent } from "../../shared/events/event.ts";
import { shortenText } from "../../shared/events/shorten.ts";
import { type SessionSummary, turnResultSchema } from "../../shared/sessions/schema.ts";

const KEPT_CHARACTERS = 2_000;

const messageSchema = z.object({
  type: z.enum(["assistant", "user"]),
  message: z.object({ content: z.array(z.unknown()) }),
});
const textSchema = z.object({ type: z.literal("text"), text: z.string() });
const toolUseSchema = z.object({ type: z.literal("tool_use"), name: z.string(), input: z.unknown() });
const toolResultSchema = z.object({
  type: z.literal("tool_result"),
  content: z.unknown(),
  is_error: z.boolean().nullish(),
});
const attachedSchema = z.union([z.object({ project_file: z.string() }), z.object({ name: z.string() })]);
const startedSchema = z.object({
  number: z.number(),
  origin: z.string(),
  prompt: z.string().optional(),
  attachments: z.array(attachedSchema).default([]),
});
const steeredSchema = z.object({ prompt: z.string() });
const completedSchema = z.object({
  status: z.string(),
  reason: z.string().nullable(),
  result: turnResultSchema.nullable(),
});
const retrySchema = z.object({ message: z.string() });
const errorSchema = z.object({ code: z.string(), message: z.string() });

export function writeHeading(session: SessionSummary): string {
  const facts = [
    `Session \`${session.session_id}\``,
    `project ${session.project}`,
    `begun ${session.created_at}`,
    session.status_reason === null ? session.status : `${session.status}: ${session.status_reason}`,
    `${session.turns} turns`,
    dollars(session.cost_usd),
  ];
  return `# ${session.title.replace(/\s+/g, " ")}\n\n${facts.join(" · ")}\n`;
}

const WRITERS: Partial<Record<EventType, (event: SessionEvent) => string>> = {
  turn_started: (event) => withData(startedSchema, event, writeStart),
  turn_steered: (event) => withData(steeredSchema, event, ({ prompt }) => `\n**Joined by**\n\n${quote(prompt)}\n`),
  message_received: (event) => writeMessage(event),
  model_retried: (event) => withData(retrySchema, event, ({ message }) => `\n_${message}_\n`),
  error_occurred: (event) =>
    withData(errorSchema, event, ({ code, message }) => `\n**Error** \`${code}\`: ${message}\n`),
  turn_completed: (event) => withData(completedSchema, event, writeEnd),
};

/** Empty for what a reader of the conversation does not need. A shape that is not known is left out. */
export function writeEvent(event: SessionEvent): string {
  return WRITERS[event.type]?.(event) ?? "";
}

function withData<T>(schema: z.ZodType<T>, event: SessionEvent, write: (data: T) => string): string {
  const parsed = schema.safeParse(event.data);
  return parsed.success ? write(parsed.data) : "";
}

function writeStart({ number, origin, prompt, attachments }: z.infer<typeof startedSchema>): string {
  if (prompt === undefined) return `\n## Turn ${number} (${origin.replace("_", "-")})\n`;
  const files = attachments.map((file) => `- ${JSON.stringify("name" in file ? file.name : file.project_file)}\n`);
  const attached = files.length === 0 ? "" : `\n**Attached**\n\n${files.join("")}`;
  return `\n## Turn ${number}\n\n${quote(prompt)}\n${attached}`;
}

function writeEnd({ status, reason, result }: z.infer<typeof completedSchema>): string {
  if (result === null) return `\n_Turn ${status}${reason === null ? "" : `: ${reason}`}._\n`;
  const { structured } = result;
  const answer = structured === undefined ? "" : `\n**Structured**\n\n${fence(JSON.stringify(structured, null, 2))}\n`;
  return `${answer}\n_Turn ${status}: ${dollars(result.cost_usd)}, ${(result.duration_ms / 1000).toFixed(1)} s._\n`;
}

function writeMessage(event: SessionEvent): string {
  const parsed = messageSchema.safeParse(event.data["message"]);
  if (!parsed.success) return "";
  const text = parsed.data.message.content.map((block) => writeBlock(parsed.data.type, block)).join("");
  const note = event.body === undefined ? "" : `\n_Shortened: event ${event.seq} has ${event.body.bytes} bytes._\n`;
  return text === "" ? "" : text + note;
}

/** A user's text is the prompt, which stands at the turn's beginning. */
function writeBlock(from: "assistant" | "user", block: unknown): string {
  const text = textSchema.safeParse(block);
  if (text.success) return from === "assistant" ? `\n${text.data.text}\n` : "";
  const use = toolUseSchema.safeParse(block);
  if (use.success) return `\n**Tool ${use.data.name}**\n\n${fence(JSON.stringify(use.data.input, null, 2) ?? "")}\n`;
  const result = toolResultSchema.safeParse(block);
  if (!result.success) return "";
  return `\n**${result.data.is_error === true ? "Failed" : "Result"}**\n\n${fence(textOf(result.data.content))}\n`;
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return JSON.stringify(content) ?? "";
  return content
    .map((block) => {
      const text = textSchema.safeParse(block);
      return text.success ? text.data.text : JSON.stringify(block);
    })
    .join("\n");
}

/** The fence is longer than any in the text, so that the text cannot end it. */
function fence(text: string): string {
  const shortened = shortenText(text, KEPT_CHARACTERS);
  const longest = Math.max(2, ...[...shortened.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const ticks = "`".repeat(longest + 1);
  return `${ticks}\n${shortened}\n${ticks}`;
}

function quote(text: string): string {
  return text
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n");
}

function dollars(usd: number): string {
  return `$${usd.toFixed(4)}`;
}
