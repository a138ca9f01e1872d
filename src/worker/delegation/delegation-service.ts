// What people delegate: a task of a known kind, worked on in a session of its own, with an answer that is held to its kind.
import { taskOfAgent, TASKS, type TaskType } from "../../shared/delegation/tasks.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import type { SessionView } from "../../shared/rpc/session-api.ts";
import type { TurnOptions } from "../../shared/sessions/schema.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { describeBadArguments } from "../mcp/bad-arguments.ts";
import type { HeadFiles } from "../checkpoints/head-files.ts";
import type { ExecuteAnswer, ExecuteRequest, SessionService } from "../sessions/session-service.ts";
import { checkSyntax, MAX_SYNTAX_BYTES } from "./check-syntax.ts";

export type DelegatedTask = {
  type: TaskType;
  description: string;
  parameters: unknown;
  options: TurnOptions;
} & Pick<ExecuteRequest, "project" | "branch" | "idempotency_key" | "traceparent">;

/** `pending` while the files that it names are on their way to where they can be looked at. */
export type Verdict = { state: "pending" | "valid" | "invalid"; problems: string[]; unchecked: string[] };

/** `verdict` is null until there is an answer. */
export type Delegated = { type: TaskType; view: SessionView; verdict: Verdict | null };

export type DelegationService = {
  start(principal: Principal, task: DelegatedTask): Promise<ExecuteAnswer>;
  get(principal: Principal, taskId: string): Promise<Delegated>;
};

export type DelegationOptions = {
  sessions: Pick<SessionService, "execute" | "get">;
  head: Pick<HeadFiles, "read">;
  nowMs: () => number;
};

/** A turn's files are kept after its end is told. */
const KEEPING_MS = 60_000;
const MAX_CHECKED_FILES = 20;

export function createDelegationService(options: DelegationOptions): DelegationService {
  return {
    start(principal, { type, description, parameters, options: turn, ...place }) {
      const task = TASKS[type];
      const made = task.prompt(description, parameters);
      if (!made.ok)
        throw new AppError("invalid_argument", `In parameters of ${type}: ${describeBadArguments(made.error)}`);
      const request: ExecuteRequest = {
        ...place,
        prompt: made.prompt,
        checkpoint_id: null,
        session_id: null,
        continue_session: false,
        session_key: null,
        if_busy: "queue",
        wait_seconds: 0,
        attachments: [],
        options: { ...turn, output_schema: task.outputSchema },
        agent: task.pinned,
      };
      return options.sessions.execute(principal, request, NOBODY_WAITS);
    },
    async get(principal, taskId) {
      const view = await options.sessions.get(principal, taskId);
      const agent = view.session.agent;
      const type = agent?.is_execution === true ? taskOfAgent(agent.agent_id) : null;
      if (type === null) {
        throw new AppError(
          "execution_not_found",
          "This session is no delegated task. delegate_task gives a task's id.",
        );
      }
      return { type, view, verdict: await judge(options, principal, type, view) };
    },
  };
}

const NOBODY_WAITS = { reportProgress: () => Promise.resolve(), signal: new AbortController().signal };

async function judge(
  options: DelegationOptions,
  principal: Principal,
  type: TaskType,
  { session, turn, result }: SessionView,
): Promise<Verdict | null> {
  if (result === null || turn?.status !== "completed") return null;
  if (result.structured_left_out === true) return verdict(["the answer is too large to be checked"], []);
  const { problems, code } = TASKS[type].check(result.structured);
  if (problems.length > 0 || code.length === 0) return verdict(problems, []);
  const place = { project: session.project, branch: session.branch };
  const looked = await Promise.all(
    code.slice(0, MAX_CHECKED_FILES).map((path) => look(options.head, principal, place, path)),
  );
  const missing = looked.some(({ state }) => state === "missing");
  const isKept = turn.ended_at === null || options.nowMs() - Date.parse(turn.ended_at) > KEEPING_MS;
  if (missing && !isKept) return { state: "pending", problems: [], unchecked: [] };
  const wrong = looked.flatMap(({ state, path, problem }) => {
    if (state === "missing") return [`${path} is not among the project's files`];
    return problem === null ? [] : [`${path} ${problem}`];
  });
  const unchecked = looked.filter(({ state }) => state === "unknown").map(({ path }) => path);
  return verdict(wrong, [...unchecked, ...code.slice(MAX_CHECKED_FILES)]);
}

function verdict(problems: string[], unchecked: string[]): Verdict {
  return { state: problems.length === 0 ? "valid" : "invalid", problems, unchecked };
}

type Looked = { path: string; state: "missing" | "unknown" | "checked"; problem: string | null };

async function look(
  head: Pick<HeadFiles, "read">,
  principal: Principal,
  place: { project: string; branch: string },
  path: string,
): Promise<Looked> {
  try {
    const file = await head.read(principal, place, path.replace(/^\.\//, ""), MAX_SYNTAX_BYTES);
    if (file.encoding !== "utf-8" || file.size > MAX_SYNTAX_BYTES) return { path, state: "unknown", problem: null };
    const problem = checkSyntax(path, file.content);
    return problem === undefined ? { path, state: "unknown", problem: null } : { path, state: "checked", problem };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // The answer stands, whatever has become of the project since.
    return { path, state: error.code === "file_not_found" ? "missing" : "unknown", problem: null };
  }
}
