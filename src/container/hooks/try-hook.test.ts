// A hook that is tried through the runner, as the Workspace object asks for it.
import { chmodSync, existsSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { connectWorkspace, type RunnerProcess, startRunner } from "../../../test/support/runner-host.ts";
import type { CommandHook } from "../../shared/hooks/hook-schema.ts";
import type { HookTrial } from "../../shared/hooks/sample-event.ts";

const NOBODY = 65_534;

let runner: RunnerProcess | null = null;
afterEach(() => runner?.stop());

async function start(environment: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "berth-try-"));
  chmodSync(folder, 0o755);
  runner = await startRunner({ edgeUrl: "http://127.0.0.1:9", folder, environment });
  const workspace = await connectWorkspace(runner);
  const attempt = async (command: string, hook: Partial<CommandHook> = {}, more: Partial<HookTrial> = {}) => {
    const group = { matcher: "Bash", hooks: [{ type: "command" as const, command, ...hook }] };
    const input = { hook_event_name: "PreToolUse", tool_name: "Bash", tool_input: { command: "ls" } };
    const tried = await workspace.tryHook({ event: "PreToolUse", group, input, ...more });
    if (!tried.ok) throw new Error(tried.error.message);
    return tried.value;
  };
  return { runner, attempt };
}

describe("a hook that is tried", () => {
  it("runs in the project, with the event, and leaves nothing behind but what it made [hooks.test]", async () => {
    const { runner: its, attempt } = await start();
    const { result, would_run, output } = await attempt(
      "cat; pwd; env | grep ^CLAUDE_TOOL_NAME; touch made; echo no >&2; exit 2",
    );
    expect(would_run).toBe(true);
    expect(result).toMatchObject({ exit_code: 2, blocked: true, reason: "no", timed_out: false });
    expect(result.stdout).toContain(`"cwd":"${its.workspaceDir}"`);
    expect(result.stdout).toContain(`${its.workspaceDir}\nCLAUDE_TOOL_NAME=Bash\n`);
    expect(output).toMatchObject({ hookSpecificOutput: { permissionDecision: "deny" } });
    expect(existsSync(join(its.workspaceDir, "made"))).toBe(true);
    expect(readdirSync(join(its.stateDir, "sessions"))).toEqual([]);
  });

  it("says when it would not have run, and ends with its time and what it started", async () => {
    const { attempt } = await start();
    const other = { event: "PreToolUse" as const, input: { hook_event_name: "PreToolUse", tool_name: "Edit" } };
    expect((await attempt("true", {}, other)).would_run).toBe(false);
    const startedMs = Date.now();
    const { result } = await attempt("sleep 60 & sleep 60", { timeout: 1 });
    expect(result).toMatchObject({ timed_out: true, outcome: "failed" });
    expect(Date.now() - startedMs).toBeLessThan(5_000);
  });

  it("gives a changed input and shows no boot token", async () => {
    const { runner: its, attempt } = await start();
    const changed = JSON.stringify({
      hookSpecificOutput: {
        hookEventName: "PreToolUse",
        permissionDecision: "allow",
        updatedInput: { command: "ls -a" },
      },
    });
    const tried = await attempt(`echo '${changed}'; echo ${its.bootToken} >&2`);
    expect(tried.updated_input).toEqual({ command: "ls -a" });
    expect(tried.result.ignored).toHaveLength(1);
    expect(JSON.stringify(tried)).not.toContain(its.bootToken);
  });

  it.runIf(process.getuid?.() === 0)(
    "runs as the CLI's user, who reads nothing of the runner's [hooks.fire]",
    async () => {
      const { runner: its, attempt } = await start({ BERTH_CLI_UID: String(NOBODY), BERTH_CLI_GID: String(NOBODY) });
      const { result } = await attempt(
        `id -u; id -G; ls ${its.stateDir} || echo closed; cat /proc/$PPID/environ || echo hidden`,
      );
      expect(result.stdout).toBe(`${NOBODY}\n${NOBODY}\nclosed\nhidden\n`);
    },
  );
});
