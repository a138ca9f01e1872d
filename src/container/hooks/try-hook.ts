// Tries one command hook with a sample event: under the CLI's user, in the environment and with the time of a real one.
import { AppError } from "../../shared/errors/app-error.ts";
import type { HookTrialResult } from "../../shared/rpc/runner-workspace-api.ts";
import { type HookTrial, MAX_TRIAL_SECONDS } from "../../shared/hooks/sample-event.ts";
import { DEFAULT_HOOK_TIMEOUT_SECONDS } from "../../shared/hooks/hook-schema.ts";
import { selectHooks } from "../../shared/hooks/match-hook.ts";
import type { Config } from "../config.ts";
import { newId } from "../new-id.ts";
import { killMarked } from "../processes/process-tree.ts";
import { buildCliEnvironment, sessionMark } from "../sessions/cli-environment.ts";
import { prepareSessionFiles, removeSessionFiles } from "../sessions/session-files.ts";
import { runHook } from "./run-hook.ts";

export async function tryHook(config: Config, { event, group, input: fields }: HookTrial): Promise<HookTrialResult> {
  const [hook] = group.hooks;
  if (hook?.type !== "command") throw new AppError("invalid_argument", "Only command hooks run in the sandbox.");
  const trialId = newId();
  const files = prepareSessionFiles(config.stateDir, trialId, config.cliUser);
  const { workspaceDir, cliUser: user } = config;
  const input = { session_id: trialId, transcript_path: "", ...fields, cwd: workspaceDir };
  try {
    const environment = buildCliEnvironment(config, files);
    const facts = { cwd: workspaceDir, projectDir: workspaceDir, homeDir: files.homeDir };
    const would_run = selectHooks(event, [group], input, facts).length > 0;
    const timeout = Math.min(hook.timeout ?? DEFAULT_HOOK_TIMEOUT_SECONDS, MAX_TRIAL_SECONDS);
    const place = {
      projectDir: workspaceDir,
      environment,
      user,
      secrets: () => [config.bootToken],
      send: refuseToSend,
    };
    const signal = new AbortController().signal;
    const { result, reading } = await runHook(place, { event, hook: { ...hook, timeout }, input, signal });
    return { result, output: reading.output, updated_input: reading.updatedInput, would_run };
  } finally {
    killMarked(sessionMark(files), user);
    await removeSessionFiles(config.stateDir, trialId);
  }
}

function refuseToSend(): Promise<never> {
  return Promise.reject(new Error("an HTTP hook is tried at the edge"));
}
