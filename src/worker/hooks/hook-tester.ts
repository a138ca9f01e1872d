// Tries one hook: a command in the project's sandbox, by its runner; an HTTP hook from here, through the guard.
import { answer, type Answer, failure } from "../../shared/errors/app-error.ts";
import { readHookEnd } from "../../shared/hooks/hook-output.ts";
import type { HookRequest, HookResponse } from "../../shared/hooks/hook-request.ts";
import { MAX_SHOWN_OUTPUT_CHARS, shownHook } from "../../shared/hooks/hook-result.ts";
import type { HookEventName } from "../../shared/hooks/hook-events.ts";
import { DEFAULT_HOOK_TIMEOUT_SECONDS, type HookGroup, type HttpHook } from "../../shared/hooks/hook-schema.ts";
import { type HookInput, selectHooks } from "../../shared/hooks/match-hook.ts";
import { MAX_TRIAL_SECONDS, sampleFieldsSchema } from "../../shared/hooks/sample-event.ts";
import type { HookTrialResult } from "../../shared/rpc/runner-workspace-api.ts";
import type { WorkspaceApi, WorkspaceIdentity } from "../../shared/rpc/workspace-api.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { ProjectPlace } from "../projects/project-service.ts";

type Trial = { event: HookEventName; group: HookGroup; input: HookInput };
export type HookTester = (
  principal: Principal,
  project: ProjectPlace,
  trial: Trial,
) => Promise<Answer<HookTrialResult>>;

export type HookTesterOptions = {
  findWorkspace(
    principal: Principal,
    project: ProjectPlace,
  ): Promise<{ workspace: WorkspaceApi; identity: WorkspaceIdentity }>;
  send(request: HookRequest): Promise<HookResponse>;
  nowMs(): number;
};

export function createHookTester(options: HookTesterOptions): HookTester {
  return async (principal, project, trial) => {
    const [hook] = trial.group.hooks;
    if (hook?.type === "http") return answer(await tryHttp(options, trial, hook));
    const { workspace, identity } = await options.findWorkspace(principal, project);
    if ((await workspace.describe()).busy) {
      return failure(
        "workspace_busy",
        "A turn or a checkpoint is under way in this project. Try the hook when it has ended.",
      );
    }
    return workspace.tryHook(identity, { ...trial, input: sampleFieldsSchema.parse(trial.input) });
  };
}

/** A sandbox's folders, for rules in `if`. */
const FACTS = { cwd: "/workspace", projectDir: "/workspace", homeDir: "/home" };

async function tryHttp({ send, nowMs }: HookTesterOptions, trial: Trial, hook: HttpHook): Promise<HookTrialResult> {
  const { event, group, input } = trial;
  const startedMs = nowMs();
  const timeout_ms = Math.min(hook.timeout ?? DEFAULT_HOOK_TIMEOUT_SECONDS, MAX_TRIAL_SECONDS) * 1000;
  const body = JSON.stringify({ session_id: "sample", transcript_path: "", cwd: FACTS.cwd, ...input });
  const response = await send({ url: hook.url, headers: hook.headers ?? {}, body, timeout_ms });
  const end = {
    exit_code: null,
    http_status: response.status,
    stdout: response.body,
    stderr: "",
    failure: response.failure,
  };
  const { outcome, reason, output, updatedInput, ignored } = readHookEnd(event, hook, end);
  const toolName = input["tool_name"];
  return {
    result: {
      event,
      type: "http",
      hook: shownHook(hook),
      status_message: hook.statusMessage ?? null,
      tool_name: typeof toolName === "string" ? toolName.slice(0, 256) : null,
      tool_use_id: null,
      outcome,
      blocked: outcome === "blocked",
      reason: reason?.slice(0, MAX_SHOWN_OUTPUT_CHARS) ?? null,
      exit_code: null,
      http_status: response.status,
      timed_out: false,
      duration_ms: Math.max(0, nowMs() - startedMs),
      stdout: response.body.slice(0, MAX_SHOWN_OUTPUT_CHARS),
      stderr: "",
      ignored: ignored.slice(0, 10),
    },
    output,
    updated_input: updatedInput,
    would_run: selectHooks(event, [group], input, FACTS).length > 0,
  };
}
