// Reads an agent from a file: Claude Code's Markdown with front matter, or opcode's `.opcode.json`.
import { z } from "zod";
import { agentNameSchema } from "../../shared/agents/agent-schema.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import { readFrontMatter, readLine, readTools } from "../front-matter/read-front-matter.ts";
import type { AgentChange } from "./agent-service.ts";

export type AgentFile = {
  /** As the file has it, made into a name; null where it has none. */
  name: string | null;
  fields: AgentChange;
  /** What of the file counts for nothing here, in words. */
  notes: string[];
};

export function readAgentFile(text: string): AgentFile {
  return text.trimStart().startsWith("{") ? readOpcode(text) : readMarkdown(text);
}

const WHAT = "The agent's file";
const TAKEN = ["name", "description", "category", "tools", "disallowedTools", "model", "skills", "mcpServers", "hooks"];
/** Only how it looks in a terminal. */
const QUIET = ["color"];

function readMarkdown(text: string): AgentFile {
  const { fields: front, body } = readFrontMatter(text, WHAT);
  const line = (key: string) => readLine(front, key, WHAT);
  if (line("name") === null && line("description") === null) {
    throw refused("has neither a name nor a description: it is no agent of Claude Code's, and no .opcode.json");
  }
  const list = (key: string) => (front[key] === undefined ? undefined : readTools(front[key], WHAT));
  const model = line("model");
  const left = Object.keys(front).filter((key) => !TAKEN.includes(key) && !QUIET.includes(key));
  return {
    name: toName(line("name")),
    fields: {
      description: readText(front["description"]) ?? line("name") ?? undefined,
      category: line("category") ?? undefined,
      system_prompt: body,
      model: model === "inherit" ? undefined : (model ?? undefined),
      tools: list("tools"),
      policy: { auto_approved: [], user_consent: [], forbidden: list("disallowedTools") ?? [] },
      skills: list("skills"),
      mcp_servers: list("mcpServers"),
      hooks: front["hooks"] ?? undefined,
    },
    notes: left.map((key) => `The field ${JSON.stringify(key.slice(0, 50))} of the file counts for nothing here.`),
  };
}

/** With its line breaks: descriptions often hold examples. */
function readText(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

const opcodeSchema = z.looseObject({
  version: z.literal(1),
  agent: z.looseObject({
    name: z.string().min(1).max(200),
    icon: z.string().max(200).optional(),
    system_prompt: z.string(),
    default_task: z.string().nullish(),
    model: z.string().nullish(),
    /** JSON, as opcode keeps it. */
    hooks: z.union([z.string(), z.record(z.string(), z.unknown())]).nullish(),
  }),
});

function readOpcode(text: string): AgentFile {
  const parsed = opcodeSchema.safeParse(parseJson(text, "is no valid JSON"));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refused(`is no .opcode.json of version 1: ${issue?.path.map(String).join(".") ?? "its fields"} does not fit`);
  }
  const { name, system_prompt, default_task, model, hooks } = parsed.data.agent;
  return {
    name: toName(name),
    fields: {
      description: name,
      system_prompt,
      default_task: default_task?.trim() || undefined,
      model: model?.trim() || undefined,
      hooks: typeof hooks === "string" ? readHooks(hooks) : (hooks ?? undefined),
    },
    notes: [],
  };
}

function readHooks(text: string): unknown {
  return text.trim() === "" ? undefined : parseJson(text, "has hooks that are no valid JSON");
}

function parseJson(text: string, problem: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refused(problem);
  }
}

/** `Security Scanner` becomes `security-scanner`; null for what leaves nothing. */
function toName(text: string | null): string | null {
  const name = (text ?? "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 64)
    .replace(/-+$/, "");
  return agentNameSchema.safeParse(name).success ? name : null;
}

function refused(why: string): AppError {
  return new AppError("agent_refused", `${WHAT} ${why}.`);
}
