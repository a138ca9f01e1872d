// Claude Code's hook events: on what value of an event a matcher is held, and whether a hook can stop what happens.

type EventTraits = {
  /** The field of the event that matchers look at; null where Claude Code looks at none. */
  matchedField: string | null;
  /** What exit code 2, or `decision: "block"`, does. `tells`: it stops nothing, Claude is told the reason. */
  onBlock: "stops" | "tells" | "nothing";
};

const TRAITS = {
  PreToolUse: { matchedField: "tool_name", onBlock: "stops" },
  PostToolUse: { matchedField: "tool_name", onBlock: "tells" },
  PostToolUseFailure: { matchedField: "tool_name", onBlock: "tells" },
  PostToolBatch: { matchedField: null, onBlock: "stops" },
  Notification: { matchedField: "notification_type", onBlock: "nothing" },
  UserPromptSubmit: { matchedField: null, onBlock: "stops" },
  UserPromptExpansion: { matchedField: "command_name", onBlock: "stops" },
  SessionStart: { matchedField: "source", onBlock: "nothing" },
  SessionEnd: { matchedField: "reason", onBlock: "nothing" },
  Stop: { matchedField: null, onBlock: "stops" },
  StopFailure: { matchedField: "error", onBlock: "nothing" },
  SubagentStart: { matchedField: "agent_type", onBlock: "nothing" },
  SubagentStop: { matchedField: "agent_type", onBlock: "stops" },
  PreCompact: { matchedField: "trigger", onBlock: "stops" },
  PostCompact: { matchedField: "trigger", onBlock: "nothing" },
  PreModelSwitch: { matchedField: null, onBlock: "stops" },
  PostModelSwitch: { matchedField: null, onBlock: "nothing" },
  PermissionRequest: { matchedField: "tool_name", onBlock: "stops" },
  PermissionDenied: { matchedField: "tool_name", onBlock: "nothing" },
  Setup: { matchedField: "trigger", onBlock: "nothing" },
  TeammateIdle: { matchedField: null, onBlock: "stops" },
  TaskCreated: { matchedField: null, onBlock: "stops" },
  TaskCompleted: { matchedField: null, onBlock: "stops" },
  Elicitation: { matchedField: "mcp_server_name", onBlock: "stops" },
  ElicitationResult: { matchedField: "mcp_server_name", onBlock: "stops" },
  ConfigChange: { matchedField: "source", onBlock: "stops" },
  WorktreeCreate: { matchedField: null, onBlock: "stops" },
  WorktreeRemove: { matchedField: null, onBlock: "nothing" },
  InstructionsLoaded: { matchedField: "load_reason", onBlock: "nothing" },
  CwdChanged: { matchedField: null, onBlock: "nothing" },
  FileChanged: { matchedField: "file_path", onBlock: "nothing" },
  DirectoryAdded: { matchedField: null, onBlock: "nothing" },
  MessageDisplay: { matchedField: null, onBlock: "nothing" },
} as const satisfies Record<string, EventTraits>;

export type HookEventName = keyof typeof TRAITS;

export const HOOK_EVENT_NAMES = Object.keys(TRAITS) as [HookEventName, ...HookEventName[]];

export function traitsOf(event: HookEventName): EventTraits {
  return TRAITS[event];
}

export function isHookEvent(name: string): name is HookEventName {
  return Object.hasOwn(TRAITS, name);
}

/** Events about one tool call: only these have what a permission rule in `if` can be held against. */
export function isToolEvent(event: HookEventName): boolean {
  return traitsOf(event).matchedField === "tool_name";
}
