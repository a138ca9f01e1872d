// MCP prompts: those that Berth brings along, with the file that they are about, and every slash command that is saved.
import {
  BUILT_IN_PROMPTS,
  type BuiltInPrompt,
  findBuiltIn,
  promptFileSchema,
} from "../../shared/prompts/built-in-prompts.ts";
import { fillCommand } from "../../shared/prompts/command-prompt.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import type { Principal, Scope } from "../../shared/teams/principal.ts";
import type { HeadFile, HeadFiles } from "../checkpoints/head-files.ts";
import { describeBadArguments } from "../mcp/bad-arguments.ts";
import type { ProjectService } from "../projects/project-service.ts";
import type { SavedCommand, SavedCommands } from "./saved-commands.ts";

export type ListedPrompt = {
  name: string;
  title?: string;
  description?: string;
  arguments: { name: string; description: string; required: boolean }[];
};

export type EmbeddedFile = { uri: string; text: string };
export type MadePrompt = { description: string | null; text: string; file: EmbeddedFile | null };

export type PromptService = {
  /** Which scope it takes to be given a prompt of this name. */
  scopeOf(name: string): Scope;
  /** `commands`: those that are saved as well. */
  list(principal: Principal, commands: boolean): Promise<ListedPrompt[]>;
  get(principal: Principal, name: string, args: Record<string, unknown>): Promise<MadePrompt>;
  /** Values that an argument of a prompt could have. */
  complete(principal: Principal, prompt: string, asked: Asked): Promise<string[]>;
  completeProject(principal: Principal, beginning: string): Promise<string[]>;
  completeFile(principal: Principal, project: string | null, beginning: string): Promise<string[]>;
};

export type Asked = { argument: string; beginning: string; given: Readonly<Record<string, string>> };

export type PromptServiceOptions = {
  commands: SavedCommands;
  projects: Pick<ProjectService, "list">;
  head: HeadFiles;
};

/** What a model reads along with the prompt. */
const MAX_FILE_BYTES = 128 * 1024;
/** The protocol's own limit. */
const MAX_COMPLETIONS = 100;
const MAX_PROJECTS = 200;

export function createPromptService(options: PromptServiceOptions): PromptService {
  const { projects, head } = options;
  const completeProject: PromptService["completeProject"] = async (principal, beginning) => {
    const all = await projects.list(principal, { after: null, limit: MAX_PROJECTS });
    return all
      .map(({ name }) => name)
      .filter((name) => name.startsWith(beginning))
      .slice(0, MAX_COMPLETIONS);
  };
  const completeFile: PromptService["completeFile"] = (principal, project, beginning) =>
    noneWhereMissing(head.complete(principal, { project, branch: null }, beginning, MAX_COMPLETIONS));
  return {
    completeProject,
    completeFile,
    scopeOf: (name) => (findBuiltIn(name) === null ? "configuration:read" : "projects:read"),
    async list(principal, commands) {
      const saved = commands ? await options.commands(principal) : [];
      return [...BUILT_IN_PROMPTS.map(listBuiltIn), ...saved.map(listCommand)];
    },
    async get(principal, name, args) {
      const builtIn = findBuiltIn(name);
      if (builtIn !== null) return makeBuiltIn(head, principal, builtIn, args);
      const saved = (await options.commands(principal)).find((command) => promptName(command) === name);
      if (saved === undefined)
        throw new AppError("not_found", "There is no prompt of this name; prompts/list shows them.");
      return makeCommand(saved, args);
    },
    async complete(principal, prompt, { argument, beginning, given }) {
      const builtIn = findBuiltIn(prompt);
      if (builtIn === null) return [];
      if (argument === "project") return completeProject(principal, beginning);
      if (argument === "file_path") return completeFile(principal, given["project"] ?? null, beginning);
      return (builtIn.values.get(argument) ?? []).filter((value) => value.startsWith(beginning));
    },
  };
}

/** What is not there, or cannot be named so, completes to nothing: the person is still typing. */
async function noneWhereMissing(completing: Promise<string[]>): Promise<string[]> {
  try {
    return await completing;
  } catch (error) {
    if (error instanceof AppError && error.code !== "internal") return [];
    throw error;
  }
}

/** A project's command is told apart by its project; ours are called as the names that clients know. */
function promptName({ name, project }: SavedCommand): string {
  if (project !== null) return `${name}@${project}`;
  return findBuiltIn(name) === null ? name : `saved:${name}`;
}

function listBuiltIn({ name, title, description, arguments: args }: BuiltInPrompt): ListedPrompt {
  return {
    name,
    title,
    description,
    arguments: Object.entries(args.shape).map(([argument, schema]) => ({
      name: argument,
      description: schema.description ?? "",
      required: !schema.safeParse(undefined).success,
    })),
  };
}

function listCommand(saved: SavedCommand): ListedPrompt {
  const { description, argument_hint } = saved.command;
  return {
    name: promptName(saved),
    ...(description === null ? {} : { description }),
    arguments: [{ name: "arguments", description: argument_hint ?? "What stands after the command.", required: false }],
  };
}

async function makeBuiltIn(
  head: HeadFiles,
  principal: Principal,
  prompt: BuiltInPrompt,
  args: Record<string, unknown>,
): Promise<MadePrompt> {
  const parsed = prompt.arguments.safeParse(args);
  if (!parsed.success) throw new AppError("invalid_argument", describeBadArguments(parsed.error));
  const { file_path, project = null } = promptFileSchema.parse(parsed.data);
  const file = await head.read(principal, { project, branch: null }, file_path, MAX_FILE_BYTES);
  return { description: prompt.description, text: prompt.text(parsed.data), file: embed(file, project, file_path) };
}

function embed(file: HeadFile, project: string | null, path: string): EmbeddedFile {
  if (file.encoding !== "utf-8") throw new AppError("invalid_argument", "This file is no text. Name another one.");
  const steps = path.split("/").map(encodeURIComponent).join("/");
  const isWhole = file.bytes >= file.size;
  const end = isWhole ? "" : `\n[This is the first ${file.bytes} of the file's ${file.size} bytes.]`;
  return { uri: `claude://projects/${project ?? "default"}/files/${steps}`, text: file.content + end };
}

function makeCommand({ command }: SavedCommand, args: Record<string, unknown>): MadePrompt {
  const { arguments: given = "", ...others } = args;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined || typeof given !== "string" || given.length > 100_000) {
    throw new AppError(
      "invalid_argument",
      "This prompt takes one argument, `arguments`: a text of at most 100,000 characters.",
    );
  }
  return { description: command.description, text: fillCommand(command.body, given), file: null };
}
