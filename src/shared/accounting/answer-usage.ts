// Reads what one answer of the Messages API says about itself, from its events as they pass or from its whole body.
import { z } from "zod";
import { apiUsageSchema, type ApiUsage } from "./token-usage.ts";

export const answerUsageSchema = z.object({
  /** The provider's id of the answer; each is counted once. */
  message_id: z.string().max(256).nullable(),
  /** The model that answered, which may be another than the one that was asked. */
  model: z.string().max(256),
  usage: apiUsageSchema,
  /** The answer was cut off before it said what it used: its output is estimated from what had come. */
  estimated: z.boolean(),
});
export type AnswerUsage = z.infer<typeof answerUsageSchema>;

/** Text has about four characters a token. */
const CHARACTERS_PER_TOKEN = 4;

const messageSchema = z.looseObject({
  id: z.string().max(256).nullish().catch(null),
  model: z.string().max(256),
  usage: apiUsageSchema,
});
const startSchema = z.looseObject({ message: messageSchema });
const deltaSchema = z.looseObject({ usage: apiUsageSchema });

/** Null for what is no answer of a model. */
export function readWholeAnswer(body: unknown): AnswerUsage | null {
  const parsed = messageSchema.safeParse(body);
  return parsed.success ? toAnswer(parsed.data, parsed.data.usage, false) : null;
}

export type AnswerReader = {
  /** `message_start` and `message_delta`, with the event's parsed data. */
  onEvent(name: string, data: unknown): void;
  /** Characters of output that came in deltas. */
  onOutput(characters: number): void;
  /** What it used; null when it never began. */
  end(): AnswerUsage | null;
};

export function createAnswerReader(): AnswerReader {
  let start: z.infer<typeof messageSchema> | null = null;
  let last: ApiUsage | null = null;
  let characters = 0;
  return {
    onEvent(name, data) {
      if (name === "message_start") start = startSchema.safeParse(data).data?.message ?? start;
      if (name === "message_delta") last = deltaSchema.safeParse(data).data?.usage ?? last;
    },
    onOutput: (more) => void (characters += more),
    end() {
      if (start === null) return null;
      if (last !== null) return toAnswer(start, laterUsage(start.usage, last), false);
      const output_tokens = Math.max(start.usage.output_tokens ?? 0, Math.ceil(characters / CHARACTERS_PER_TOKEN));
      return toAnswer(start, { ...start.usage, output_tokens }, true);
    },
  };
}

/** The last word says the totals; what it leaves out, or calls 0 though it was not, stands as it was at the beginning. */
function laterUsage(start: ApiUsage, last: ApiUsage): ApiUsage {
  const later = Object.entries(last).filter(([, value]) => value !== null && value !== undefined && value !== 0);
  return { ...start, ...Object.fromEntries(later) };
}

/** For an answer that never said what it used: by what was asked, and what of it came. */
export function estimateAnswer(request: { model: string; prompt_bytes: number; characters: number }): AnswerUsage {
  const usage = apiUsageSchema.parse({
    input_tokens: Math.ceil(request.prompt_bytes / CHARACTERS_PER_TOKEN),
    output_tokens: Math.ceil(request.characters / CHARACTERS_PER_TOKEN),
  });
  return { message_id: null, model: request.model, usage, estimated: true };
}

function toAnswer(message: z.infer<typeof messageSchema>, usage: ApiUsage, estimated: boolean): AnswerUsage {
  return { message_id: message.id ?? null, model: message.model, usage, estimated };
}
