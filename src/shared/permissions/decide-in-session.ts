// Decides a tool call of a session: the turn's own narrowing, the rules of all scopes, what a person allowed in this
// session, and last Claude Code's mode.
import type { PermissionQuestion } from "../rpc/session-host-api.ts";
import type { CallFacts } from "./call-subject.ts";
import { type CallDecision, decide } from "./decide-call.ts";
import { cutToCeiling, type PermissionMode } from "./permission-mode.ts";
import type { PermissionPolicy, ScopedPolicy } from "./policy-schema.ts";
import { isToolAllowed } from "./tool-allow-list.ts";
import { kindOf } from "./tool-kinds.ts";

type Asked = Pick<
  PermissionQuestion,
  "stage" | "tool_name" | "tool_input" | "permission_mode" | "cwd" | "project_dir" | "home_dir"
>;

export type SessionCall = {
  asked: Asked;
  /** The turn's allowed_tools; absent for all. */
  allowedTools: readonly string[] | undefined;
  /** What persons set at most: the widest mode, and lists of tools of which each has to name the tool. */
  ceiling: { permission_mode: PermissionMode; allowed_tools: readonly (readonly string[])[] };
  policies: readonly ScopedPolicy[];
  /** Rules that a person added for this session when they were asked. */
  grantedRules: readonly string[];
  /** A person allowed this very call, input and all, for the session. */
  isCallGranted: boolean;
};

/** `no_rule` at the gate alone: where a person is asked anyway, the mode has spoken already. */
export function decideInSession(call: SessionCall): CallDecision {
  const { asked } = call;
  if (asked.stage === "elicitation") return plain("ask", `The MCP server ${asked.tool_name} asks for input.`);
  if (!isToolAllowed(call.allowedTools, asked.tool_name)) {
    const reason = `${asked.tool_name} is not among this turn's allowed_tools. Go on without it, or say what is missing.`;
    return plain("deny", reason);
  }
  if (!call.ceiling.allowed_tools.every((list) => isToolAllowed(list, asked.tool_name))) {
    return plain("deny", `${asked.tool_name} is not among the tools that a person allowed here. Go on without it.`);
  }
  if (kindOf(asked) === "plan" && cutToCeiling("default", call.ceiling.permission_mode) !== "default") {
    return plain("deny", "A person allowed planning alone here. Give the plan as your answer, and end.");
  }
  const decided = byRules(call);
  if (decided.behavior === "allow" && isModesOwn(asked)) return leaveToMode(asked);
  return decided.behavior === "no_rule" ? leaveToMode(asked) : decided;
}

function byRules({ asked, policies, grantedRules, isCallGranted }: SessionCall): CallDecision {
  const call = { toolName: asked.tool_name, toolInput: asked.tool_input };
  const facts = readFacts(asked);
  const byPolicy = decide(policies, call, facts ?? NOWHERE);
  if (byPolicy.behavior === "deny") return byPolicy;
  if (facts === null && policies.some(hasRules)) return plain("ask", OLD_RUNNER);
  if (isCallGranted) return plain("allow", "A person allowed this very call for the session.");
  // What may be forbidden is not lifted by a rule that was added about another call.
  if (facts === null || decide(policies.map(onlyForbidden), call, facts).behavior === "ask") return byPolicy;
  const granted: ScopedPolicy = { scope: "session", policy: { ...NO_RULES, auto_approved: [...grantedRules] } };
  const byGrant = decide([granted], call, facts);
  return byGrant.behavior === "allow" ? byGrant : byPolicy;
}

const NO_RULES: PermissionPolicy = { auto_approved: [], user_consent: [], forbidden: [] };
const NOWHERE: CallFacts = { projectDir: "/", homeDir: "/", cwd: null };
const OLD_RUNNER =
  "The sandbox runs an earlier version, which does not say where it works: rules cannot be held against its calls.";

function readFacts({ cwd, project_dir, home_dir }: Asked): CallFacts | null {
  if (project_dir === undefined || home_dir === undefined) return null;
  return { projectDir: project_dir, homeDir: home_dir, cwd: cwd ?? null };
}

function hasRules({ policy }: ScopedPolicy): boolean {
  return policy.auto_approved.length + policy.user_consent.length + policy.forbidden.length > 0;
}

function onlyForbidden({ scope, policy }: ScopedPolicy): ScopedPolicy {
  return { scope, policy: { ...NO_RULES, forbidden: policy.forbidden } };
}

/** A rule answers no question to a person, and the mode in which Claude only plans stays what the turn asked for. */
function isModesOwn(asked: Asked): boolean {
  return kindOf(asked) !== "tool" || asked.permission_mode === "plan";
}

function leaveToMode(asked: Asked): CallDecision {
  if (asked.stage === "gate") return plain("no_rule", "The permission mode decides.");
  return plain("ask", reasonOfMode(asked));
}

function reasonOfMode(asked: Asked): string {
  if (kindOf(asked) === "question") return "Claude asks something that only a person can answer.";
  if (kindOf(asked) === "plan") return "Claude has made a plan and waits for a person before it acts on it.";
  return `The permission mode ${asked.permission_mode} asks a person before this ${asked.tool_name} call.`;
}

function plain(behavior: CallDecision["behavior"], reason: string): CallDecision {
  return { behavior, rule: null, scope: null, reason };
}
