// The environment variables that a hook's command finds besides the event's JSON on its standard input.
import type { HookInput } from "./match-hook.ts";

const MAX_VALUE_CHARS = 32_000;

/** Fields of a tool's input that name files. */
const FILE_FIELDS = ["file_path", "notebook_path", "path"];
/** Where the events keep what they have to say to a person, in this order. */
const MESSAGE_FIELDS = ["message", "prompt", "last_assistant_message", "error", "reason", "task_subject"];

/** Each is there for every event, empty where the event has nothing of the kind. */
export function hookEnvironment(input: HookInput, projectDir: string): Record<string, string> {
  const values = {
    CLAUDE_HOOK_TYPE: textOf(input["hook_event_name"]),
    CLAUDE_PROJECT_PATH: projectDir,
    CLAUDE_PROJECT_DIR: projectDir,
    CLAUDE_SESSION_ID: textOf(input["session_id"]),
    CLAUDE_TOOL_NAME: textOf(input["tool_name"]),
    CLAUDE_FILE_PATHS: filePaths(input).join("\n"),
    CLAUDE_MESSAGE: MESSAGE_FIELDS.map((field) => textOf(input[field])).find((text) => text !== "") ?? "",
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, withoutNul(value)]));
}

/** One a line. A path with a line break in it is left out: it would read as two. */
export function filePaths(input: HookInput): string[] {
  const fromTool = FILE_FIELDS.map((field) => textOf(fieldOf(input["tool_input"], field)));
  const all = [...fromTool, textOf(input["file_path"])];
  return [...new Set(all.filter((path) => path !== "" && !/[\r\n]/.test(path)))];
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, field)
    ? (value as Record<string, unknown>)[field]
    : undefined;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** An environment takes no NUL, and not more than a page or thirty. */
function withoutNul(text: string): string {
  return text.replaceAll("\u0000", "").slice(0, MAX_VALUE_CHARS);
}
