// Reads a Messages API request: which prompt is the newest, how many steps were answered since, and where the work happens.
import { z } from "zod";

const blockSchema = z.looseObject({ type: z.string(), text: z.string().optional() });
const messageSchema = z.looseObject({
  role: z.string(),
  content: z.union([z.string(), z.array(blockSchema)]),
});
export const modelRequestSchema = z.looseObject({
  model: z.string(),
  stream: z.boolean().optional(),
  messages: z.array(messageSchema),
  system: z.union([z.string(), z.array(blockSchema)]).optional(),
  tools: z.array(z.looseObject({})).optional(),
});
export type ModelRequest = z.infer<typeof modelRequestSchema>;

export type Position = {
  /** The newest prompt of the person, without the CLI's own reminders; empty when there is none. */
  prompt: string;
  /** True when the newest input is the CLI's notice about a background task of that prompt. */
  isFollowUp: boolean;
  /** Answers of the model since the newest input. */
  step: number;
};

/** What the CLI itself says between prompts. */
const OWN_WORDS = ["[Request interrupted", "[Image: source:", "[structured-output-enforce]"];

type Input = { text: string; index: number; isNotice: boolean };

/** What the model was told, newest last: prompts, and notices about background tasks that begin work of their own. */
function listInputs(request: ModelRequest): Input[] {
  return request.messages.flatMap((message, index) => {
    if (message.role !== "user") return [];
    return textsOf(message.content).flatMap((text): Input[] => {
      // A notice beside tool results arrived in a running turn and begins nothing.
      if (isTaskNotification(text)) return hasToolResult(message.content) ? [] : [{ text, index, isNotice: true }];
      const prompt = withoutReminders(text);
      return prompt === "" || OWN_WORDS.some((words) => prompt.startsWith(words)) || isContinuation(prompt)
        ? []
        : [{ text: prompt, index, isNotice: false }];
    });
  });
}

export function findPosition(request: ModelRequest): Position {
  const inputs = listInputs(request);
  const newest = inputs.at(-1);
  const prompt = inputs.findLast((input) => !input.isNotice);
  const since = request.messages.slice((newest?.index ?? -1) + 1);
  return {
    prompt: prompt?.text ?? "",
    isFollowUp: newest?.isNotice ?? false,
    // An answer that was cut off is given again.
    step: countAnswers(since) - countContinuations(since),
  };
}

/** Prompts of the person in the conversation that contain the text. */
export function countPrompts(request: ModelRequest, text: string): number {
  return listInputs(request).filter((input) => !input.isNotice && input.text.includes(text)).length;
}

/** The folder the CLI works in, as its system prompt or first message says. */
export function findWorkingDirectory(request: ModelRequest): string | null {
  const sources = [
    ...(request.system === undefined ? [] : textsOf(request.system)),
    ...request.messages.flatMap((message) => textsOf(message.content)),
  ];
  for (const text of sources) {
    const found = /working directory:\s*(\/[^\s<]*)/i.exec(text)?.[1];
    if (found !== undefined) return found;
  }
  return null;
}

function textsOf(content: string | z.infer<typeof blockSchema>[]): string[] {
  if (typeof content === "string") return [content];
  return content.flatMap((block) => (block.type === "text" && block.text !== undefined ? [block.text] : []));
}

function hasToolResult(content: string | z.infer<typeof blockSchema>[]): boolean {
  return typeof content !== "string" && content.some((block) => block.type === "tool_result");
}

function withoutReminders(text: string): string {
  return text.replaceAll(/<system-reminder>[\s\S]*?<\/system-reminder>/g, "").trim();
}

function isTaskNotification(text: string): boolean {
  return text.includes("<task-notification>");
}

/** What the CLI asks for by itself when an answer broke off. */
function isContinuation(text: string): boolean {
  return text.startsWith("Your response above was cut off mid-stream.");
}

function countContinuations(messages: ModelRequest["messages"]): number {
  const users = messages.filter(({ role }) => role === "user");
  return users.filter(({ content }) => textsOf(content).some((text) => isContinuation(withoutReminders(text)))).length;
}

function countAnswers(messages: ModelRequest["messages"]): number {
  return messages.filter((message, index) => message.role === "assistant" && messages[index - 1]?.role !== "assistant")
    .length;
}
