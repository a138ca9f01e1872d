// What the audit log says of a tool call: its target by id or name, and those arguments that say nothing of anybody's work.
import type { AuditDetails, AuditFact } from "./entry.ts";

type Fields = Record<string, unknown>;

/** By which field a target is known, the narrowest first. */
const TARGETS: readonly (readonly [field: string, kind: string])[] = [
  ["request_id", "permission"],
  ["proposal_id", "proposal"],
  ["execution_id", "execution"],
  ["agent_id", "agent"],
  ["checkpoint_id", "checkpoint"],
  ["task_id", "task"],
  ["upload_id", "upload"],
  ["session_id", "session"],
  ["name", "name"],
  ["branch", "branch"],
  ["project", "project"],
  ["project_id", "project"],
  ["scope", "scope"],
];

/** Fields whose values are ids, names, words of a fixed list, numbers or flags. */
const TOLD = new Set([
  "session_id",
  "turn_id",
  "project",
  "project_id",
  "branch",
  "from_branch",
  "checkpoint_id",
  "operation_id",
  "proposal_id",
  "request_id",
  "agent_id",
  "execution_id",
  "task_id",
  "upload_id",
  "name",
  "scope",
  "scope_id",
  "kind",
  "type",
  "category",
  "permission_mode",
  "model",
  "strategy",
  "decision",
  "behavior",
  "priority",
  "format",
  "version",
  "force",
  "pid",
  "deleted",
  "killed",
  "stopped",
  "status",
  "of",
  "id",
  "limit",
  "days",
]);

const MAX_TEXT = 200;

/** `answer` is null for a call that was refused, or whose answer is not there yet. */
export function describeCall(
  tool: string,
  args: unknown,
  answer: unknown,
): Pick<AuditFact, "action" | "target_kind" | "target_id" | "details"> {
  const [given, said] = [readFields(args), readFields(answer)];
  const both = { ...said, ...given };
  const target = TARGETS.find(([field]) => isName(both[field]));
  return {
    action: `tool.${tool}`,
    target_kind: target?.[1] ?? null,
    target_id: target === undefined ? null : cut(String(both[target[0]])),
    details: { ...tell(both), arguments: cut(Object.keys(given).filter(isArgument).sort().join(",")) },
  };
}

function tell(fields: Fields): AuditDetails {
  const told = Object.entries(fields).filter(([name]) => TOLD.has(name));
  return Object.fromEntries(
    told.flatMap(([name, value]): [string, string | number | boolean][] => {
      if (typeof value === "string") return [[name, cut(value)]];
      return typeof value === "number" || typeof value === "boolean" ? [[name, value]] : [];
    }),
  );
}

/** A proposal's own fields lie one deeper in answers that are more than a proposal. */
function readFields(value: unknown): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  const { proposal, ...fields } = value as Fields;
  const proposalId = typeof proposal === "object" && proposal !== null ? (proposal as Fields)["proposal_id"] : null;
  return typeof proposalId === "string" ? { ...fields, proposal_id: proposalId } : fields;
}

/** Names that no tool has could hold anything. */
function isArgument(name: string): boolean {
  return /^[a-z][a-z_]{0,40}$/.test(name);
}

function isName(value: unknown): boolean {
  return (typeof value === "string" && value !== "") || typeof value === "number";
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 1)}…`;
}
