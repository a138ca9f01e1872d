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

/** Texts in user messages, newest last, with the message each stands in. */
function listUserTexts(request: ModelRequest): { text: string; index: number }[] {
  return request.messages.flatMap((message, index) => {
    if (message.role !== "user") return [];
    return textsOf(message.content)
      .map((text) => ({ text: withoutReminders(text), index }))
      .filter(({ text }) => text !== "" && !text.startsWith("[Request interrupted"));
  });
}

export function findPosition(request: ModelRequest): Position {
  const texts = listUserTexts(request);
  const newest = texts.at(-1);
  const prompt = texts.findLast(({ text }) => !isTaskNotification(text));
  const since = request.messages.slice((newest?.index ?? -1) + 1);
  return {
    prompt: prompt?.text ?? "",
    isFollowUp: newest !== undefined && isTaskNotification(newest.text),
    step: countAnswers(since),
  };
}

/** Prompts of the person in the conversation that are equal to, or contain, the text. */
export function countPrompts(request: ModelRequest, text: string): number {
  return listUserTexts(request).filter((entry) => entry.text.includes(text)).length;
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

function withoutReminders(text: string): string {
  return text.replaceAll(/<system-reminder>[\s\S]*?<\/system-reminder>/g, "").trim();
}

function isTaskNotification(text: string): boolean {
  return text.includes("<task-notification>");
}

function countAnswers(messages: ModelRequest["messages"]): number {
  return messages.filter((message, index) => message.role === "assistant" && messages[index - 1]?.role !== "assistant")
    .length;
}
