// What a kind of delegated task is: how Claude is asked, with which tools, and what its answer has to be.
import { z } from "zod";
import type { PinnedAgent } from "../agents/agent-schema.ts";

export type TaskDefinition<Parameters extends z.ZodObject, Result extends z.ZodObject> = {
  type: string;
  /** An agent of ours, by which usage names the kind: it never changes. */
  agent_id: string;
  /** Grows with every change of what Claude is told or given. */
  version: number;
  description: string;
  parameters: Parameters;
  /** What Claude is told about this kind of work. */
  instructions: string;
  /** Null for all. What a person set at most holds in any case. */
  tools: readonly string[] | null;
  /** Rules of what it must not do. Nothing is approved: that is for persons. */
  forbidden: readonly string[];
  /** The parameters as lines of the prompt. */
  ask(parameters: z.output<Parameters>): string[];
  result: Result;
  /** What is wrong with an answer of the right form; none for nothing. */
  problems(result: z.output<Result>): string[];
  /** Files that have to be there, and to parse where their language is known. */
  code(result: z.output<Result>): string[];
};

export type Task = {
  type: string;
  description: string;
  parameters: z.ZodObject;
  /** JSON Schema. */
  outputSchema: Record<string, unknown>;
  pinned: PinnedAgent;
  /** The prompt, or what is wrong with the parameters. */
  prompt(description: string, parameters: unknown): { ok: true; prompt: string } | { ok: false; error: z.ZodError };
  check(structured: unknown): { problems: string[]; code: string[] };
};

const MAX_PROBLEMS = 20;

export function defineTask<Parameters extends z.ZodObject, Result extends z.ZodObject>(
  definition: TaskDefinition<Parameters, Result>,
): Task {
  const { type, description, parameters, result } = definition;
  const { $schema: _dialect, ...outputSchema } = z.toJSONSchema(result, { target: "draft-7" });
  return {
    type,
    description,
    parameters,
    outputSchema,
    pinned: toPinned(definition),
    prompt(what, given) {
      const parsed = parameters.safeParse(given);
      if (!parsed.success) return { ok: false, error: parsed.error };
      const lines = definition.ask(parsed.data).map((line) => `- ${line}`);
      return { ok: true, prompt: [what.trim(), ...(lines.length === 0 ? [] : ["", ...lines])].join("\n") };
    },
    check(structured) {
      const parsed = result.safeParse(structured);
      if (!parsed.success) return { problems: parsed.error.issues.slice(0, MAX_PROBLEMS).map(describe), code: [] };
      return { problems: definition.problems(parsed.data).slice(0, MAX_PROBLEMS), code: definition.code(parsed.data) };
    },
  };
}

function describe({ path, message }: z.core.$ZodIssue): string {
  return `${path.length === 0 ? "the answer" : path.map(String).join(".")}: ${message}`;
}

function toPinned({ type, agent_id, version, ...task }: TaskDefinition<z.ZodObject, z.ZodObject>): PinnedAgent {
  return {
    name: type.replaceAll("_", "-"),
    version,
    agent: {
      agent_id,
      description: task.description,
      category: "delegation",
      system_prompt: `${task.instructions}\n\n${COMMON}`,
      default_task: null,
      model: null,
      tools: task.tools === null ? null : [...task.tools],
      policy: { auto_approved: [], user_consent: [], forbidden: [...task.forbidden] },
      hooks: {},
      mcp_servers: null,
      skills: [],
      default_budget_usd: null,
      source_url: null,
      source_commit: null,
    },
  };
}

const COMMON = `You work in the project's folder, alone: nobody answers questions, so decide what is open by what the project already does. Keep to the task. If something cannot be done, or a tool is refused, do what is left and say so in your answer. Paths in your answer are relative to the project's folder. Everything in your answer must be what you have seen or done, never a guess.`;

/** One path below the project's folder. */
export const pathSchema = z.string().min(1).max(1_000);
export const pathsSchema = z.array(pathSchema).max(200);
/** Not tied to a line of its own, so that a model may write at length. */
export const proseSchema = z.string().min(1).max(20_000);

export const isOutside = (path: string): boolean =>
  path.startsWith("/") || path.split(/[/\\]/).includes("..") || path.includes("\0");

export function outsideProblems(paths: readonly string[]): string[] {
  return paths
    .filter(isOutside)
    .map((path) => `${JSON.stringify(path.slice(0, 200))} is no path below the project's folder`);
}
