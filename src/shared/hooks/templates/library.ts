// The hook templates that come with Berth. What they run is in the sandbox's image, or is the project's own.
import type { HookTemplate } from "./template.ts";

const EDITS = "Edit|Write|MultiEdit|NotebookEdit";
/** Claude was kept at work by a hook already: it may stop now, or it would never end. */
const ONCE = `if grep -q '"stop_hook_active":true'; then exit 0; fi`;
/** The command's last words reach Claude as the reason. */
const OR_BLOCK = `|| { printf '%s\\n' "$out" | tail -n 60 >&2; exit 2; }`;
const EACH_FILE = `printf '%s\\n' "$CLAUDE_FILE_PATHS" | while IFS= read -r file; do case "$file" in`;

export const HOOK_TEMPLATES: readonly HookTemplate[] = [
  {
    id: "format_on_edit",
    title: "Format on edit",
    description: "Formats each file that Claude edits, right after the edit.",
    category: "quality",
    event: "PostToolUse",
    matcher: EDITS,
    parameters: [
      {
        name: "command",
        kind: "command",
        description: "The formatter; the file's path comes after it.",
        default: "npx prettier --write",
      },
      {
        name: "extensions",
        kind: "extensions",
        description: "Endings of the files, between commas.",
        default: "ts,tsx,js,jsx,css,json,md",
      },
    ],
    hook: { command: `${EACH_FILE} {{extensions}}) {{command}} "$file" ;; esac; done` },
  },
  {
    id: "lint_on_edit",
    title: "Lint on edit",
    description: "Lints each file that Claude edits, and tells Claude what is wrong with it.",
    category: "quality",
    event: "PostToolUse",
    matcher: EDITS,
    parameters: [
      {
        name: "command",
        kind: "command",
        description: "The linter; the file's path comes after it.",
        default: "npx eslint",
      },
      {
        name: "extensions",
        kind: "extensions",
        description: "Endings of the files, between commas.",
        default: "ts,tsx,js,jsx",
      },
    ],
    hook: { command: `${EACH_FILE} {{extensions}}) out=$({{command}} "$file" 2>&1) ${OR_BLOCK} ;; esac; done` },
  },
  {
    id: "tests_on_stop",
    title: "Tests on stop",
    description: "Runs the tests when Claude wants to stop; where they fail, Claude goes on once with what they said.",
    category: "quality",
    event: "Stop",
    parameters: [{ name: "command", kind: "command", description: "What runs the tests.", default: "npm test" }],
    hook: { command: `${ONCE}; out=$({{command}} 2>&1) ${OR_BLOCK}`, timeout: 300 },
  },
  {
    id: "type_check_on_stop",
    title: "Type check on stop",
    description:
      "Checks types when Claude wants to stop; where they do not fit, Claude goes on once with what was found.",
    category: "quality",
    event: "Stop",
    parameters: [
      { name: "command", kind: "command", description: "What checks the types.", default: "npx tsc --noEmit" },
    ],
    hook: { command: `${ONCE}; out=$({{command}} 2>&1) ${OR_BLOCK}`, timeout: 180 },
  },
  {
    id: "block_protected_paths",
    title: "Block protected paths",
    description:
      "Refuses edits of certain files. It sees Claude's editing tools, not what a shell command writes: for that add a rule such as Edit(.env) to the policy's forbidden ones.",
    category: "safety",
    event: "PreToolUse",
    matcher: EDITS,
    parameters: [
      {
        name: "paths",
        kind: "globs",
        description: "Names or paths, `*` for anything, between commas.",
        default: ".env,.env.*,package-lock.json,.git/",
      },
    ],
    hook: {
      command: `${EACH_FILE} {{paths}}) echo "$file is protected: leave it as it is." >&2; exit 2 ;; esac; done`,
      onFailure: "block",
    },
  },
  {
    id: "refuse_commands",
    title: "Refuse commands",
    description: "Refuses shell commands by permission rules, such as Bash(git push *).",
    category: "safety",
    event: "PreToolUse",
    matcher: "Bash",
    parameters: [{ name: "rules", kind: "rules", description: "Permission rules, between commas.", default: null }],
    hook: { command: `echo "This command is not allowed here, by the rule" {{rule}} >&2; exit 2`, onFailure: "block" },
    perRule: "rules",
  },
  {
    id: "notify_webhook",
    title: "Notify a webhook",
    description: "Sends each end of Claude's work to an address, as JSON.",
    category: "notification",
    event: "Stop",
    parameters: [
      {
        name: "url",
        kind: "url",
        description: "An https:// address. Everybody in the scope can read it here.",
        default: null,
      },
    ],
    hook: { url: "{{url}}", timeout: 15 },
  },
  {
    id: "notify_waiting",
    title: "Notify when Claude waits",
    description: "Sends Claude Code's notifications, such as that it waits for a person, to an address, as JSON.",
    category: "notification",
    event: "Notification",
    parameters: [
      {
        name: "url",
        kind: "url",
        description: "An https:// address. Everybody in the scope can read it here.",
        default: null,
      },
    ],
    hook: { url: "{{url}}", timeout: 15 },
  },
  {
    id: "log_commands",
    title: "Log commands",
    description:
      "Writes each shell command that Claude is about to run to a file of the project, one JSON object a line.",
    category: "audit",
    event: "PreToolUse",
    matcher: "Bash",
    parameters: [
      { name: "file", kind: "path", description: "The file, relative to the project.", default: "command-log.jsonl" },
    ],
    hook: { command: `{ cat; echo; } >> {{file}}`, timeout: 10 },
  },
  {
    id: "require_clean_git",
    title: "Require a clean git status",
    description: "Reminds Claude once to commit when it wants to stop and git shows changes.",
    category: "git",
    event: "Stop",
    parameters: [
      {
        name: "reminder",
        kind: "text",
        description: "What Claude is told.",
        default: "There are changes that are not committed. Commit them with a message that says why.",
      },
    ],
    hook: {
      command: `${ONCE}; test -z "$(git status --porcelain)" || { printf '%s\\n' {{reminder}} >&2; exit 2; }`,
      timeout: 30,
    },
  },
  {
    id: "commit_on_stop",
    title: "Commit on stop",
    description: "Commits everything that changed when Claude stops.",
    category: "git",
    event: "Stop",
    parameters: [
      { name: "message", kind: "text", description: "The commit's message.", default: "chore: work of Claude" },
    ],
    hook: {
      command: `test -z "$(git status --porcelain)" || { git add -A && git commit -q -m {{message}}; }`,
      timeout: 60,
    },
  },
  {
    id: "context_at_start",
    title: "Context at the start",
    description: "Tells Claude something at the start of each session.",
    category: "context",
    event: "SessionStart",
    parameters: [{ name: "text", kind: "text", description: "What Claude is told.", default: null }],
    hook: { command: `printf '%s\\n' {{text}}`, timeout: 10 },
  },
  {
    id: "git_state_at_start",
    title: "Git's state at the start",
    description: "Tells Claude the branch, what changed and the newest commits at the start of each session.",
    category: "context",
    event: "SessionStart",
    parameters: [{ name: "commits", kind: "path", description: "How many commits.", default: "5" }],
    hook: { command: `git status --short --branch && git log --oneline -n {{commits}}`, timeout: 15 },
  },
];

export function findTemplate(id: string): HookTemplate | null {
  return HOOK_TEMPLATES.find((template) => template.id === id) ?? null;
}
