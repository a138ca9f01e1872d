// What a tool is: its contract as the client sees it, its schemas, and the function behind it.
import type { ResourceLink } from "@modelcontextprotocol/server";
import { z } from "zod";
import { AppError } from "../../shared/errors/app-error.ts";
import type { Scope } from "../../shared/teams/principal.ts";
import { describeBadArguments } from "./bad-arguments.ts";
import type { ToolContext } from "./tool-context.ts";
import type { Toolset } from "./toolsets.ts";

/** Hints for the client; never a security boundary. */
type ToolHints = {
  readOnlyHint: boolean;
  destructiveHint: boolean;
  idempotentHint: boolean;
  openWorldHint: boolean;
};

export type ToolDefinition<Input extends z.ZodObject, Output extends z.ZodObject> = {
  name: string;
  title: string;
  description: string;
  scope: Scope;
  toolset: Toolset;
  input: Input;
  output: Output;
  annotations: ToolHints;
  /** Whether the team's audit log knows of its calls: by default, when it changes something. */
  audited?: boolean;
  /** Whether this call only stops or denies something: it is done also while the audit log is away. By default none does. */
  stops?(args: z.output<Input>): boolean;
  run(args: z.output<Input>, context: ToolContext): Promise<z.input<Output>>;
  /** Resources elsewhere that the answer points at. */
  links?(answer: z.output<Output>): ResourceLink[];
  /** For a tool that comes back when a person is needed: goes on after they answered. `before`: what it answered then. */
  resume?(args: z.output<Input>, before: Record<string, unknown>, context: ToolContext): Promise<z.input<Output>>;
};

export type ToolAnswer = { structured: Record<string, unknown>; links: ResourceLink[] };

type JsonSchema = Record<string, unknown>;

/** A tool whose argument types are settled: arguments are parsed on the way in, results on the way out. */
export type Tool = {
  name: string;
  title: string;
  description: string;
  scope: Scope;
  toolset: Toolset;
  annotations: ToolHints;
  audited: boolean;
  stops(args: unknown): boolean;
  input: z.ZodObject;
  output: z.ZodObject;
  /** Built once: making them anew for each `tools/list` is most of its cost. */
  inputJson: JsonSchema;
  outputJson: JsonSchema;
  call(args: unknown, context: ToolContext): Promise<ToolAnswer>;
  /** Null for a tool that needs no person. */
  resume: ((args: unknown, before: Record<string, unknown>, context: ToolContext) => Promise<ToolAnswer>) | null;
};

const ANSWER_BOUNDS = ["pattern", "minimum", "exclusiveMinimum"] as const;

/** Without the bounds that every integer has: each tool's schema costs a model's attention. */
function toJson(schema: z.ZodObject, io: "input" | "output"): JsonSchema {
  return z.toJSONSchema(schema, {
    io,
    target: "draft-2020-12",
    override({ jsonSchema }) {
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      // Of what we answer it is enough to know its form.
      if (io === "output") for (const bound of ANSWER_BOUNDS) delete jsonSchema[bound];
    },
  });
}

export function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(
  definition: ToolDefinition<Input, Output>,
): Tool {
  const { run, links, resume, stops, ...contract } = definition;
  const parse = (args: unknown): z.output<Input> => {
    const parsed = definition.input.safeParse(args ?? {});
    if (!parsed.success) throw new AppError("invalid_argument", describeBadArguments(parsed.error));
    return parsed.data;
  };
  const answer = (made: z.input<Output>): ToolAnswer => {
    const structured = definition.output.parse(made);
    return { structured, links: links?.(structured) ?? [] };
  };
  return {
    ...contract,
    audited: definition.audited ?? !definition.annotations.readOnlyHint,
    stops(args) {
      const parsed = definition.input.safeParse(args ?? {});
      return parsed.success && stops?.(parsed.data) === true;
    },
    inputJson: toJson(definition.input, "input"),
    outputJson: toJson(definition.output, "output"),
    call: async (args, context) => answer(await run(parse(args), context)),
    resume:
      resume === undefined ? null : async (args, before, context) => answer(await resume(parse(args), before, context)),
  };
}
