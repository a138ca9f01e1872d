// What a person is asked to decide about a session, what they may answer, and how it was settled.
import { z } from "zod";
import { uuidSchema } from "../ids.ts";
import type { PermissionMode } from "./permission-mode.ts";
import type { PolicyScope } from "./policy-schema.ts";

/** `tool`: may it run? `question`: Claude asks (AskUserQuestion). `plan`: is the plan right? `elicitation`: an MCP server asks. */
export const REQUEST_KINDS = ["tool", "question", "plan", "elicitation"] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

/** The ways on which a person answers. */
export const ANSWER_WAYS = ["page", "elicitation", "socket", "tool"] as const;
export type AnswerWay = (typeof ANSWER_WAYS)[number];

/** What settles a request: a person, in one of the ways, or what made it pointless. */
export const RESOLVED_BY = [...ANSWER_WAYS, "timeout", "interrupt", "turn_ended"] as const;

const MAX_MESSAGE_CHARACTERS = 1000;
const messageSchema = z.string().max(MAX_MESSAGE_CHARACTERS).optional();

export const permissionAnswerSchema = z.discriminatedUnion("decision", [
  z.strictObject({ decision: z.literal("allow_once") }),
  /** The same call, or what the suggested rule takes, for as long as the session lives. */
  z.strictObject({ decision: z.literal("allow_session") }),
  /** The suggested rule becomes one of the person's own, in all projects. */
  z.strictObject({ decision: z.literal("allow_always") }),
  /** The message reaches Claude. */
  z.strictObject({ decision: z.literal("deny"), message: messageSchema }),
  /** Of a question: by its text. Of an elicitation: by the field's name. */
  z.strictObject({ decision: z.literal("answer"), content: z.record(z.string().max(2000), z.unknown()) }),
]);
export type PermissionAnswer = z.infer<typeof permissionAnswerSchema>;

export const resolutionSchema = z.object({
  behavior: z.enum(["allow", "deny"]),
  decided_by: z.enum(RESOLVED_BY),
  /** The person; null when nobody answered. */
  user_id: uuidSchema.nullable(),
  /** For how long it is allowed; null for a denial. */
  remember: z.enum(["once", "session", "always"]).nullable(),
  /** The rule that is added; null for none. */
  rule: z.string().nullable(),
  /** What Claude is told with a denial. */
  message: z.string().nullable(),
});
export type Resolution = z.infer<typeof resolutionSchema>;

/** One that waits, as tools show it; the edge adds the address of its page. */
export type PendingPermission = {
  request_id: string;
  kind: RequestKind;
  tool: string;
  /** What it wants to do, in one line. Claude's own words and the project's. */
  summary: string;
  reason: string;
  /** ISO 8601. */
  expires_at: string;
};

/** Everything that the page shows about a request. */
export type PermissionRequestView = PendingPermission & {
  tool_use_id: string | null;
  permission_mode: PermissionMode;
  tool_input: unknown;
  /** Where the tool works. */
  cwd: string | null;
  rule: string | null;
  rule_scope: PolicyScope | null;
  /** The rule that `allow_always` adds; null when there is none as narrow as the call, or it would change nothing. */
  always_rule: string | null;
  /** The rule that `allow_session` adds; null when it is this very call that is allowed. */
  session_rule: string | null;
  requested_at: string;
  session: { session_id: string; title: string; project: string; branch: string; started_by: string };
  /** The beginning of the prompt of the turn that asks; null when Claude goes on by itself. */
  prompt: string | null;
  /** How it was settled, and when; null while it waits. */
  settled: (Resolution & { at: string }) | null;
};
