// The session's permission requests and what a person allowed for the session: rows, and how each is settled, once.
import { z } from "zod";
import { shortenToFit } from "../../shared/events/shorten.ts";
import { permissionModeSchema } from "../../shared/permissions/permission-mode.ts";
import { REQUEST_KINDS, type Resolution, resolutionSchema } from "../../shared/permissions/permission-request.ts";
import { policyScopeSchema } from "../../shared/permissions/policy-schema.ts";
import { type PermissionDecision, permissionDecisionSchema } from "../../shared/rpc/session-host-api.ts";
import type { Clock } from "../clock.ts";
import type { EventStore } from "../events/event-store.ts";
import type { ObjectSql } from "../sql/migrate.ts";

export const PERMISSION_REQUEST_SCHEMA = `
  CREATE TABLE permission_requests (
    request_id TEXT PRIMARY KEY,
    turn_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    tool_name TEXT NOT NULL,
    tool_use_id TEXT,
    permission_mode TEXT NOT NULL,
    tool_input TEXT NOT NULL,
    call_sha256 TEXT,
    cwd TEXT,
    reason TEXT NOT NULL,
    rule TEXT,
    rule_scope TEXT,
    always_rule TEXT,
    session_rule TEXT,
    requested_at TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    resolution TEXT,
    resolved_at TEXT
  ) WITHOUT ROWID;
  CREATE INDEX permission_requests_pending ON permission_requests (requested_at) WHERE resolved_at IS NULL;
  CREATE TABLE permission_grants (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    request_id TEXT NOT NULL,
    PRIMARY KEY (kind, value)
  ) WITHOUT ROWID;
`;

/** An event tells of a call; the request's own row has it whole. */
const MAX_EVENT_INPUT_BYTES = 64 * 1024;

const json = <Schema extends z.ZodType>(schema: Schema) =>
  z.string().transform((text) => schema.parse(JSON.parse(text)));

const rowSchema = z.object({
  request_id: z.string(),
  turn_id: z.string(),
  kind: z.enum(REQUEST_KINDS),
  tool_name: z.string(),
  tool_use_id: z.string().nullable(),
  permission_mode: permissionModeSchema,
  tool_input: json(z.unknown()),
  /** Of the tool and its input; null when a part of it was cut off. */
  call_sha256: z.string().nullable(),
  cwd: z.string().nullable(),
  reason: z.string(),
  rule: z.string().nullable(),
  rule_scope: policyScopeSchema.nullable(),
  always_rule: z.string().nullable(),
  session_rule: z.string().nullable(),
  requested_at: z.string(),
  expires_at_ms: z.number(),
  resolution: json(resolutionSchema).nullable(),
  resolved_at: z.string().nullable(),
});
export type RequestRow = z.infer<typeof rowSchema>;
export type NewRequest = Omit<RequestRow, "resolution" | "resolved_at">;

export type PermissionBook = {
  /** What the runner was told under that id. */
  decision(requestId: string): PermissionDecision | null;
  /** The first decision stands. */
  keep(requestId: string, turnId: string, decision: PermissionDecision): void;
  /** With its event. To be called inside `log.write`, as are the three below. */
  add(request: NewRequest): void;
  /** `clientId`: the OAuth client through which a person answered. */
  settle(request: RequestRow, decision: PermissionDecision, resolution: Resolution, clientId?: string | null): void;
  /** Nobody has to answer any more: the turn was stopped, or has ended. */
  endTurn(turnId: string, by: "interrupt" | "turn_ended"): void;
  allowForSession(request: RequestRow): void;
  get(requestId: string): RequestRow | null;
  /** Those that wait, the oldest first. */
  pending(): RequestRow[];
  grantedRules(): string[];
  isCallGranted(callSha256: string): boolean;
};

const ENDED = {
  interrupt: "The turn was stopped before anybody answered. The tool did not run.",
  turn_ended: "The turn ended before anybody answered. The tool did not run.",
};

export type OnSettled = (request: RequestRow, resolution: Resolution, clientId: string | null) => void;

export function createPermissionBook(
  sql: ObjectSql,
  events: Pick<EventStore, "append">,
  clock: Clock,
  onSettled: OnSettled,
): PermissionBook {
  const select = (where: string, ...bindings: SqlStorageValue[]): RequestRow[] =>
    sql
      .exec(`SELECT * FROM permission_requests ${where}`, ...bindings)
      .toArray()
      .map((row) => rowSchema.parse(row));
  const keep: PermissionBook["keep"] = (requestId, turnId, decision) => {
    sql.exec(
      "INSERT OR IGNORE INTO permissions (request_id, turn_id, decision, decided_at) VALUES (?, ?, ?, ?)",
      requestId,
      turnId,
      JSON.stringify(decision),
      clock.nowIso(),
    );
  };
  const settle: PermissionBook["settle"] = (request, decision, resolution, clientId = null) => {
    const { request_id, turn_id } = request;
    keep(request_id, turn_id, decision);
    sql.exec(
      "UPDATE permission_requests SET resolution = ?, resolved_at = ? WHERE request_id = ? AND resolved_at IS NULL",
      JSON.stringify(resolution),
      clock.nowIso(),
      request_id,
    );
    events.append({ type: "permission_resolved", turn_id, data: { request_id, ...resolution } });
    onSettled(request, resolution, clientId);
  };
  return {
    keep,
    settle,
    decision: (requestId) => findDecision(sql, requestId),
    add(request) {
      insertRequest(sql, request);
      events.append({ type: "permission_requested", turn_id: request.turn_id, data: describeRequest(request) });
    },
    endTurn(turnId, by) {
      for (const request of select("WHERE turn_id = ? AND resolved_at IS NULL ORDER BY requested_at", turnId)) {
        const resolution = { behavior: "deny", decided_by: by, user_id: null, remember: null, rule: null } as const;
        settle(request, { behavior: "deny", message: ENDED[by] }, { ...resolution, message: null });
      }
    },
    get: (requestId) => select("WHERE request_id = ?", requestId)[0] ?? null,
    pending: () => select("WHERE resolved_at IS NULL ORDER BY requested_at"),
    ...createGrants(sql),
  };
}

type Grants = Pick<PermissionBook, "allowForSession" | "grantedRules" | "isCallGranted">;

/** What a person allowed for as long as the session lives. */
function createGrants(sql: ObjectSql): Grants {
  return {
    allowForSession({ request_id, session_rule, call_sha256 }) {
      const [kind, value] = session_rule === null ? ["call", call_sha256] : ["rule", session_rule];
      if (value === null) return;
      sql.exec(
        "INSERT OR IGNORE INTO permission_grants (kind, value, request_id) VALUES (?, ?, ?)",
        kind,
        value,
        request_id,
      );
    },
    grantedRules: () =>
      sql
        .exec<{ value: string }>("SELECT value FROM permission_grants WHERE kind = 'rule'")
        .toArray()
        .map(({ value }) => value),
    isCallGranted: (callSha256) =>
      sql.exec("SELECT 1 FROM permission_grants WHERE kind = 'call' AND value = ?", callSha256).toArray().length > 0,
  };
}

function findDecision(sql: ObjectSql, requestId: string): PermissionDecision | null {
  const rows = sql.exec<{ decision: string }>("SELECT decision FROM permissions WHERE request_id = ?", requestId);
  const row = rows.toArray()[0];
  return row === undefined ? null : permissionDecisionSchema.parse(JSON.parse(row.decision));
}

function insertRequest(sql: ObjectSql, request: NewRequest): void {
  sql.exec(
    `INSERT INTO permission_requests (request_id, turn_id, kind, tool_name, tool_use_id, permission_mode, tool_input,
       call_sha256, cwd, reason, rule, rule_scope, always_rule, session_rule, requested_at, expires_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    request.request_id,
    request.turn_id,
    request.kind,
    request.tool_name,
    request.tool_use_id,
    request.permission_mode,
    JSON.stringify(request.tool_input ?? null),
    request.call_sha256,
    request.cwd,
    request.reason,
    request.rule,
    request.rule_scope,
    request.always_rule,
    request.session_rule,
    request.requested_at,
    request.expires_at_ms,
  );
}

function describeRequest(request: NewRequest): Record<string, unknown> {
  const { request_id, kind, tool_name, tool_use_id, permission_mode, reason, rule, rule_scope } = request;
  return {
    request_id,
    kind,
    tool_name,
    tool_use_id,
    tool_input: shortenToFit(request.tool_input, MAX_EVENT_INPUT_BYTES),
    permission_mode,
    stage: kind === "elicitation" ? "elicitation" : "consent",
    reason,
    rule,
    rule_scope,
    expires_at: new Date(request.expires_at_ms).toISOString(),
  };
}
