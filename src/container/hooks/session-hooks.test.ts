// Hooks with the real Claude Code against a scripted model: what fires, what blocks, what cannot be got round.
import { type HookCallback, type Options, query, type SDKMessage } from "@anthropic-ai/claude-agent-sdk";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callTool, embedScenario, say } from "../../../test/support/scripted-model/scenario.ts";
import { type ScriptedModel, startScriptedModel } from "../../../test/support/scripted-model/server.ts";
import type { HookResult } from "../../shared/hooks/hook-result.ts";
import { readHooks } from "../../shared/hooks/short-form.ts";
import type { HookRequest, HookResponse } from "../../shared/hooks/hook-request.ts";
import { createToolTracker } from "./tool-tracker.ts";
import { createSessionHooks } from "./session-hooks.ts";

let model: ScriptedModel;
beforeAll(async () => void (model = await startScriptedModel()));
afterAll(() => model.close());

type Steps = Parameters<typeof embedScenario>[0]["steps"];
type Run = {
  hooks: unknown;
  prompt?: string;
  steps?: Steps;
  gate?: HookCallback;
  options?: Partial<Options>;
  send?: (request: HookRequest) => Promise<HookResponse>;
  prepare?: (folders: { workspace: string; config: string }) => void;
};

const bash = (command: string): Steps => [[callTool("Bash", { command })], [say("done")]];
const answering = (specific: object) => `echo '${JSON.stringify({ hookSpecificOutput: specific })}'`;
const before = (fields: object) => answering({ hookEventName: "PreToolUse", ...fields });

async function run({ hooks, prompt, steps = bash("touch ran"), gate, options, send, prepare }: Run) {
  const folder = mkdtempSync(join(tmpdir(), "berth-hooks-"));
  const [workspace, config, home] = ["workspace", "config", "home"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [workspace, config, home]) mkdirSync(path);
  prepare?.({ workspace, config });
  const environment = {
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    CLAUDE_CONFIG_DIR: config,
    ANTHROPIC_BASE_URL: model.url,
    ANTHROPIC_API_KEY: "any",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    IS_SANDBOX: "1",
  };
  const results: HookResult[] = [];
  const tracker = createToolTracker();
  const asked: unknown[] = [];
  const reading = readHooks(hooks);
  if (!reading.ok) throw new Error(reading.reason);
  const counting: HookCallback = async (input, id, rest) => {
    if (input.hook_event_name === "PreToolUse") asked.push(input.tool_input);
    return gate?.(input, id, rest) ?? {};
  };
  const sdkHooks = createSessionHooks({
    hooks: reading.hooks,
    source: "startup",
    gate: counting,
    afterTool: tracker.callback,
    gateTimeoutSeconds: 60,
    record: (result) => results.push(result),
    place: {
      projectDir: workspace,
      environment,
      user: null,
      secrets: () => ["run-token-of-this-test"],
      send: (request) => send?.(request) ?? Promise.reject(new Error("no edge")),
    },
  });
  const running = query({
    prompt: prompt ?? `go\n${embedScenario({ steps })}`,
    options: {
      cwd: workspace,
      env: environment,
      permissionMode: "bypassPermissions",
      allowDangerouslySkipPermissions: true,
      settingSources: ["user", "project"],
      managedSettings: { allowManagedHooksOnly: true },
      ...options,
      hooks: sdkHooks.callbacks,
    },
  });
  const messages: SDKMessage[] = [];
  try {
    for await (const message of running) messages.push(message);
  } catch {
    // The SDK throws what a failed turn said: the messages have it.
  }
  sdkHooks.onExit();
  await expect
    .poll(() => !("SessionEnd" in reading.hooks) || results.some(({ event }) => event === "SessionEnd"))
    .toBe(true);
  return { messages, results, asked, workspace, home, ran: (name = "ran") => existsSync(join(workspace, name)) };
}

const ofEvents = (results: readonly HookResult[]) => results.map(({ event }) => event);

describe("a session's hooks", () => {
  it("fire for what happens in a turn, with the event as JSON and in the environment [hooks.fire]", async () => {
    const note = 'cat > "$HOME/$CLAUDE_HOOK_TYPE.json"; env | grep ^CLAUDE_ > "$HOME/$CLAUDE_HOOK_TYPE.env"';
    const events = [
      "SessionStart",
      "UserPromptSubmit",
      "PreToolUse",
      "PostToolUse",
      "PostToolUseFailure",
      "PostToolBatch",
      "Stop",
      "SessionEnd",
    ];
    const steps: Steps = [
      [callTool("Write", { file_path: "notes.txt", content: "x" })],
      [callTool("Bash", { command: "exit 3" })],
      [say("done")],
    ];
    const { results, home, workspace } = await run({
      hooks: Object.fromEntries(events.map((event) => [event, { command: note }])),
      steps,
    });
    expect(new Set(ofEvents(results))).toEqual(new Set(events));
    expect(results.every(({ exit_code, outcome }) => exit_code === 0 && outcome === "passed")).toBe(true);
    const input: unknown = JSON.parse(readFileSync(join(home, "Stop.json"), "utf8"));
    expect(input).toMatchObject({ hook_event_name: "Stop", cwd: workspace, session_id: expect.any(String) });
    const environment = readFileSync(join(home, "PostToolUse.env"), "utf8");
    for (const line of [
      "CLAUDE_HOOK_TYPE=PostToolUse",
      "CLAUDE_TOOL_NAME=Write",
      `CLAUDE_PROJECT_DIR=${workspace}`,
      `CLAUDE_PROJECT_PATH=${workspace}`,
    ]) {
      expect(environment).toContain(`${line}\n`);
    }
    expect(environment).toMatch(/^CLAUDE_FILE_PATHS=.*notes\.txt$/m);
    expect(environment).toContain(`CLAUDE_SESSION_ID=${(input as { session_id: string }).session_id}`);
    expect(readFileSync(join(home, "UserPromptSubmit.env"), "utf8")).toContain("CLAUDE_MESSAGE=go");
  });

  const subagent = `sub\n${embedScenario({ steps: [[say("sub done")]] })}`;
  const denies: Partial<Options> = {
    permissionMode: "default",
    canUseTool: async () => ({ behavior: "deny", message: "no" }),
  };
  it.each<[string, Omit<Run, "hooks">, string[]]>([
    ["a person is asked", { options: denies }, ["PermissionRequest"]],
    ["a slash command is expanded", { prompt: "/hello you" }, ["UserPromptExpansion"]],
    [
      "another agent works",
      {
        steps: [
          [callTool("Agent", { subagent_type: "general-purpose", description: "d", prompt: subagent })],
          [say("done")],
        ],
      },
      ["SubagentStart", "SubagentStop"],
    ],
    [
      "settings are changed",
      { steps: bash("mkdir -p .claude; echo '{}' > .claude/settings.json; sleep 2") },
      ["ConfigChange"],
    ],
    ["the model's API fails", { steps: [[{ type: "error", status: 400 }]] }, ["StopFailure"]],
  ])("fire when %s [hooks.fire]", async (_what, more, events) => {
    const prepare: Run["prepare"] = ({ config, workspace }) => {
      mkdirSync(join(config, "commands"));
      mkdirSync(join(workspace, ".claude"));
      writeFileSync(join(config, "commands", "hello.md"), "Say hello to $ARGUMENTS.");
    };
    const hooks = Object.fromEntries(events.map((event) => [event, { command: "true" }]));
    const { results } = await run({ hooks, prepare, ...more });
    expect([...new Set(ofEvents(results))].sort()).toEqual([...events].sort());
  });

  it("are ended with the turn that waits for them", async () => {
    const stop = new AbortController();
    const { results, home } = await run({
      hooks: { PreToolUse: { command: 'touch "$HOME/begun"; sleep 20; touch "$HOME/late"' } },
      options: { abortController: stop },
      prepare: ({ config }) => {
        const begun = join(config, "..", "home", "begun");
        const timer = setInterval(() => existsSync(begun) && (clearInterval(timer), stop.abort()), 50);
      },
    });
    await expect.poll(() => results.length).toBe(1);
    expect(results).toMatchObject([{ outcome: "failed", reason: "nobody waited for it any more" }]);
    expect(existsSync(join(home, "late"))).toBe(false);
  });

  it("block a tool with their reason, and the gate is not asked any more [hooks.blocking]", async () => {
    const { messages, results, asked, ran } = await run({
      hooks: { PreToolUse: { command: "echo 'not in this house' >&2; exit 2", condition: "Bash(touch *)" } },
    });
    expect(ran()).toBe(false);
    expect(asked).toEqual([]);
    expect(JSON.stringify(messages)).toContain("not in this house");
    expect(results).toMatchObject([
      { event: "PreToolUse", blocked: true, exit_code: 2, tool_name: "Bash", reason: "not in this house" },
    ]);
  });

  it("keep Claude at work with the reason when it would stop", async () => {
    const once = 'test -e "$HOME/once" || { touch "$HOME/once"; echo "the tests fail" >&2; exit 2; }';
    const { messages, results } = await run({ hooks: { Stop: { command: once } }, steps: [[say("one")]] });
    expect(results.map(({ blocked }) => blocked)).toEqual([true, false]);
    expect(JSON.stringify(messages)).toContain("the tests fail");
  });

  it("block a prompt and tell Claude what they print at the start", async () => {
    const blocked = await run({ hooks: { UserPromptSubmit: { command: "echo 'no such prompt' >&2; exit 2" } } });
    expect(blocked.ran()).toBe(false);
    expect(JSON.stringify(blocked.messages)).toContain("no such prompt");
    const told = await run({ hooks: { SessionStart: { command: "echo remember-the-milk" } }, steps: [[say("hi")]] });
    expect(told.results).toHaveLength(1);
    expect(JSON.stringify(model.requests.at(-1)?.body)).toContain("remember-the-milk");
  });

  it("end with their time, and with everything that they started, and the tool runs all the same [hooks.timeout]", async () => {
    const startedMs = Date.now();
    const { results, ran, home } = await run({
      hooks: { PreToolUse: { command: '(sleep 4; touch "$HOME/late") & sleep 30', timeout: 1 } },
    });
    expect(Date.now() - startedMs).toBeLessThan(10_000);
    expect(results).toMatchObject([
      { timed_out: true, outcome: "failed", reason: "it took longer than its 1 seconds" },
    ]);
    expect(ran()).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    expect(existsSync(join(home, "late"))).toBe(false);
  });

  it("hold the tool back when they fail and are told to", async () => {
    const hook = { type: "command", command: "exit 1", onFailure: "block" };
    const { ran, results } = await run({ hooks: { PreToolUse: [{ hooks: [hook] }] } });
    expect(ran()).toBe(false);
    expect(results).toMatchObject([{ blocked: true, exit_code: 1 }]);
  });

  it("run side by side, one that stands there twice once [hooks.parallel]", async () => {
    const slow = (name: string) => ({ type: "command", command: `sleep 1; echo ${name}` });
    const groups = [{ hooks: [slow("a"), slow("b"), slow("c")] }, { matcher: "Bash", hooks: [slow("a"), slow("d")] }];
    const startedMs = Date.now();
    const { results } = await run({ hooks: { PreToolUse: groups } });
    expect(results.map(({ stdout }) => stdout.trim()).sort()).toEqual(["a", "b", "c", "d"]);
    expect(Date.now() - startedMs).toBeLessThan(4_000);
  });

  it("go out over HTTP with the event, and an answer blocks [hooks.http]", async () => {
    const requests: HookRequest[] = [];
    const { ran, results } = await run({
      hooks: {
        PreToolUse: [
          { hooks: [{ type: "http", url: "https://hooks.example.com/secret-path", headers: { "x-team": "a" } }] },
        ],
      },
      send: async (request) => {
        requests.push(request);
        const hookSpecificOutput = {
          hookEventName: "PreToolUse",
          permissionDecision: "deny",
          permissionDecisionReason: "the web says no",
        };
        return { status: 200, body: JSON.stringify({ hookSpecificOutput }), failure: null };
      },
    });
    expect(requests).toMatchObject([{ url: "https://hooks.example.com/secret-path", headers: { "x-team": "a" } }]);
    expect(JSON.parse(requests[0]?.body ?? "")).toMatchObject({ tool_input: { command: "touch ran" } });
    expect(ran()).toBe(false);
    expect(results).toMatchObject([
      { type: "http", http_status: 200, blocked: true, hook: "https://hooks.example.com/…" },
    ]);
    const away = await run({
      hooks: { PreToolUse: [{ hooks: [{ type: "http", url: "https://hooks.example.com/" }] }] },
    });
    expect(away.ran()).toBe(true);
    expect(away.results).toMatchObject([{ outcome: "failed", reason: "its request could not be sent" }]);
  });

  it("strike known secrets out of what they tell", async () => {
    const { results } = await run({
      hooks: { Stop: { command: "echo run-token-of-this-test; echo sk-ant-abcdefgh >&2" } },
      steps: [[say("x")]],
    });
    expect(JSON.stringify(results)).not.toMatch(/run-token-of-this-test|sk-ant-abcdefgh/);
  });
});

describe("what a hook cannot do", () => {
  it("is to have a tool run with an input that the gate has not seen [hooks.gate_sees_input]", async () => {
    const hooks = {
      PreToolUse: { command: before({ permissionDecision: "allow", updatedInput: { command: "touch changed" } }) },
    };
    const noted = await run({ hooks });
    expect(noted.asked).toEqual([{ command: "touch changed" }]);
    expect([noted.ran(), noted.ran("changed")]).toEqual([false, true]);
    const denied = await run({
      hooks,
      gate: async (input) =>
        JSON.stringify(input).includes("touch changed")
          ? {
              hookSpecificOutput: {
                hookEventName: "PreToolUse",
                permissionDecision: "deny",
                permissionDecisionReason: "forbidden",
              },
            }
          : {},
    });
    expect([denied.ran(), denied.ran("changed")]).toEqual([false, false]);
  });

  const askingGate: HookCallback = async () => ({
    hookSpecificOutput: {
      hookEventName: "PreToolUse",
      permissionDecision: "ask",
      permissionDecisionReason: "a person has to agree",
    },
  });

  it("is to agree in a person's place [hooks.no_consent]", async () => {
    const inputs: unknown[] = [];
    const options: Partial<Options> = {
      canUseTool: async (_name, input) => {
        inputs.push(input);
        return { behavior: "deny", message: "nobody agreed" };
      },
    };
    const permits = answering({
      hookEventName: "PermissionRequest",
      decision: { behavior: "allow", updatedInput: { command: "touch ran" } },
    });
    const hooks = {
      PreToolUse: { command: before({ permissionDecision: "allow", updatedInput: { command: "touch changed" } }) },
      PermissionRequest: { command: permits },
    };
    const { ran, results } = await run({ hooks, gate: askingGate, options });
    expect([ran(), ran("changed")]).toEqual([false, false]);
    expect(inputs).toEqual([{ command: "touch changed" }]);
    expect(results.flatMap(({ ignored }) => ignored)).toHaveLength(2);
    const inDefaultMode = await run({
      hooks: { PreToolUse: { command: before({ permissionDecision: "allow" }) } },
      options: { ...options, permissionMode: "default" },
    });
    expect(inDefaultMode.ran()).toBe(false);
  });

  it("is to be added by a file that Claude writes, or to switch ours off by one [hooks.own_hooks]", async () => {
    const permits = {
      PermissionRequest: [
        {
          hooks: [
            {
              type: "command",
              command: answering({ hookEventName: "PermissionRequest", decision: { behavior: "allow" } }),
            },
          ],
        },
      ],
    };
    const settings = JSON.stringify({ disableAllHooks: true, hooks: permits });
    const { ran, results } = await run({
      hooks: { Stop: { command: "true" } },
      gate: askingGate,
      options: { canUseTool: async () => ({ behavior: "deny", message: "nobody agreed" }) },
      prepare: ({ workspace, config }) => {
        mkdirSync(join(workspace, ".claude"));
        for (const path of [join(workspace, ".claude", "settings.json"), join(config, "settings.json")])
          writeFileSync(path, settings);
      },
    });
    expect(ran()).toBe(false);
    expect(ofEvents(results)).toEqual(["Stop"]);
  });

  it("is to let a tool run by failing in our own code", async () => {
    const { ran } = await run({ hooks: {}, gate: () => Promise.reject(new Error("broken")) });
    expect(ran()).toBe(false);
  });
});
