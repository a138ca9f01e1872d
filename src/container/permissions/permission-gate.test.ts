// The gate with the real Claude Code: in every mode, whatever goes wrong, the tool does not run.
import { randomUUID } from "node:crypto";
import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { useRunnerBench } from "../../../test/support/runner-bench.ts";
import { makeTurn, type TestHost } from "../../../test/support/runner-host.ts";
import { callTool, embedScenario, say } from "../../../test/support/scripted-model/scenario.ts";
import { CONSENT_MARGIN_MS, MAX_CONSENT_SECONDS } from "../../shared/limits.ts";
import { PERMISSION_MODES, type PermissionMode } from "../../shared/permissions/permission-mode.ts";
import { isShortened } from "../../shared/permissions/shortened-input.ts";
import type { PermissionDecision, PermissionQuestion } from "../../shared/rpc/session-host-api.ts";
import { createHostLink, type HostConnection } from "../rpc/host-link.ts";
import { createPermissionGate, DENIALS, HOOK_TIMEOUT_SECONDS } from "./permission-gate.ts";

const bench = useRunnerBench();

/** A turn in which Claude Code is made to write one file. */
function writingTurn(permission_mode: PermissionMode) {
  const path = join(bench.runner.workspaceDir, `${randomUUID()}.txt`);
  const scenario = { steps: [[callTool("Write", { file_path: path, content: "written" })], [say("that was it")]] };
  const turn = makeTurn(`write\n${embedScenario(scenario)}`, randomUUID(), {
    permission_mode,
    allow_bypass: permission_mode === "bypassPermissions",
  });
  return { path, turn };
}

async function runWriting(host: TestHost, mode: PermissionMode) {
  const { path, turn } = writingTurn(mode);
  await host.runner().startTurn(turn);
  const ended = await host.turnEnded(turn.turn_id);
  const toolResult = host.messages().find(({ type }) => type === "user")?.message?.content;
  return { isWritten: existsSync(path), ended, toolResult };
}

/** In the modes that ask a person anyway, consent would be given: what holds the tool back is the gate. */
const failing: [string, (question: PermissionQuestion) => Promise<PermissionDecision>][] = [
  ["throws", atGate(() => Promise.reject(new Error("our bug")))],
  ["answers with something else", atGate(async () => ({ behavior: "allowed" }) as never)],
  ["answers with nothing", atGate(async () => undefined as never)],
  ["denies", atGate(async () => ({ behavior: "deny", message: "No, thank you." }))],
  ["answers `ask` and then throws", askThen(() => Promise.reject(new Error("our bug")))],
  ["answers `ask` and then `no_rule`", askThen(async () => ({ behavior: "no_rule" }))],
];

function atGate(decide: () => Promise<PermissionDecision>) {
  return (question: PermissionQuestion) =>
    question.stage === "gate" ? decide() : Promise.resolve({ behavior: "allow" as const });
}

function askThen(consent: () => Promise<PermissionDecision>) {
  const asked = { behavior: "ask" as const, message: "May it?" };
  return (question: PermissionQuestion) => (question.stage === "gate" ? Promise.resolve(asked) : consent());
}

describe.each(["bypassPermissions", "acceptEdits"] as const)("in mode %s, a tool", (mode) => {
  it("runs when no rule speaks against it", async () => {
    const host = await bench.openSession({ decidePermission: async () => ({ behavior: "no_rule" }) });
    expect(await runWriting(host, mode)).toMatchObject({ isWritten: true });
    expect(host.questions).toMatchObject([{ stage: "gate", tool_name: "Write", permission_mode: mode }]);
  });
});

describe.each(PERMISSION_MODES)("in mode %s, a tool", (mode) => {
  it.each(failing)("does not run when the object %s [runner.gate]", async (_what, decidePermission) => {
    const host = await bench.openSession({ decidePermission });
    const { isWritten, ended, toolResult } = await runWriting(host, mode);
    expect(isWritten).toBe(false);
    expect(toolResult).toMatchObject([{ is_error: true }]);
    expect(ended.result?.permission_denials).toHaveLength(1);
  });

  it("waits while the link is cut, is asked about again under the same id, and obeys the answer [runner.gate]", async () => {
    const host = await bench.openSession({ decidePermission: () => new Promise(() => {}) });
    const { path, turn } = writingTurn(mode);
    await host.runner().startTurn(turn);
    const first = await host.until(() => host.questions[0], "the question");
    host.cut();
    host.behaviour.decidePermission = async () => ({ behavior: "deny", message: "Not after the cut either." });
    await expect.poll(() => bench.edge.wakes.some(({ body }) => body.session_id === host.sessionId)).toBe(true);
    expect(existsSync(path)).toBe(false);
    await host.connect();
    await host.turnEnded(turn.turn_id);
    expect(host.questions).toHaveLength(2);
    expect(host.questions[1]?.request_id).toBe(first.request_id);
    expect(existsSync(path)).toBe(false);
    expect(JSON.stringify(host.messages())).toContain("Not after the cut either.");
  });
});

describe.each(PERMISSION_MODES)("in mode %s, a tool that a rule wants to be asked about", (mode) => {
  it("runs once a person has agreed, and not before [runner.gate]", async () => {
    const [agreed, asked] = [Promise.withResolvers<PermissionDecision>(), Promise.withResolvers<void>()];
    const host = await bench.openSession({
      decidePermission: async ({ stage }) => {
        if (stage === "gate") return { behavior: "ask", message: "A rule asks." };
        asked.resolve();
        return agreed.promise;
      },
    });
    const { path, turn } = writingTurn(mode);
    await host.runner().startTurn(turn);
    await asked.promise;
    expect(existsSync(path)).toBe(false);
    agreed.resolve({ behavior: "allow" });
    await host.turnEnded(turn.turn_id);
    expect(existsSync(path)).toBe(true);
    expect(host.questions.map(({ stage }) => stage)).toEqual(["gate", "consent"]);
  });
});

describe("a tool that has to be asked for", () => {
  it("runs in mode default once consent is given, and not before", async () => {
    const stages: string[] = [];
    const host = await bench.openSession({
      decidePermission: async ({ stage }) => {
        stages.push(stage);
        return stage === "gate" ? { behavior: "no_rule" } : { behavior: "allow" };
      },
    });
    expect(await runWriting(host, "default")).toMatchObject({ isWritten: true });
    expect(stages).toEqual(["gate", "consent"]);
  });

  it("runs without consent when the gate allows it", async () => {
    const host = await bench.openSession({ decidePermission: async () => ({ behavior: "allow" }) });
    expect(await runWriting(host, "default")).toMatchObject({ isWritten: true });
    expect(host.questions).toHaveLength(1);
  });
});

describe("what the object is told of a call", () => {
  it("is where the tool stands, what rules are relative to, and how long an answer is waited for [runner.gate]", async () => {
    const decisions = { gate: { behavior: "ask", message: "May it?" }, consent: { behavior: "allow" } } as const;
    const host = await bench.openSession({
      decidePermission: async ({ stage }) => (stage === "gate" ? decisions.gate : decisions.consent),
    });
    await runWriting(host, "bypassPermissions");
    const [gate, consent] = host.questions;
    const workspace = realpathSync(bench.runner.workspaceDir);
    const where = { cwd: workspace, project_dir: workspace, home_dir: expect.stringContaining("home") };
    expect(gate).toMatchObject({ stage: "gate", ...where });
    expect(consent).toMatchObject({ stage: "consent", ...where, asked_because: "May it?" });
    expect(consent?.tool_use_id).toBe(gate?.tool_use_id);
    // The object's own limit is reached first, so that it can say what became of the request.
    expect(consent?.patience_ms).toBeGreaterThan(MAX_CONSENT_SECONDS * 1000 + CONSENT_MARGIN_MS);
    expect(gate?.patience_ms).toBeLessThan(HOOK_TIMEOUT_SECONDS * 1000);
  });

  it.each(PERMISSION_MODES)(
    "in mode %s a question of Claude's is answered with what the person chose [permissions.questions]",
    async (mode) => {
      const host = await bench.openSession({
        decidePermission: async ({ stage }) =>
          stage === "gate"
            ? { behavior: "no_rule" }
            : { behavior: "allow", added_input: { answers: { "Which one?": "B" } } },
      });
      const options = [
        { label: "A", description: "first" },
        { label: "B", description: "second" },
      ];
      const questions = [{ question: "Which one?", header: "Pick", multiSelect: false, options }];
      const scenario = { steps: [[callTool("AskUserQuestion", { questions })], [say("thanks")]] };
      const turn = makeTurn(`ask\n${embedScenario(scenario)}`, randomUUID(), {
        permission_mode: mode,
        allow_bypass: mode === "bypassPermissions",
      });
      await host.runner().startTurn(turn);
      await host.turnEnded(turn.turn_id);
      const asked = host.questions.find(({ stage }) => stage === "consent");
      if (mode === "dontAsk") return expect(asked).toBeUndefined();
      expect(asked?.tool_input).toMatchObject({ questions: [{ question: "Which one?", options }] });
      expect(JSON.stringify(host.messages())).toContain('\\"Which one?\\"=\\"B\\"');
    },
  );
});

describe("the gate alone", () => {
  const plainAsk = { tool_name: "Write", tool_input: {}, hook_event_name: "PreToolUse", permission_mode: "default" };
  const ask = plainAsk as never;
  const places = { projectDir: "/w", homeDir: "/home/agent" };

  function gateWith(
    decidePermission: (question: PermissionQuestion) => Promise<unknown>,
    options: { deadlineMs?: number; turnId?: () => string } = {},
  ) {
    const link = createHostLink(() => {});
    const connection = { host: { decidePermission }, isOpen: () => true, bufferedBytes: () => 0, close: () => {} };
    link.attach(connection as unknown as HostConnection, false);
    const currentTurnId = options.turnId ?? (() => randomUUID());
    const permissionMode = () => "default" as const;
    const parts = { link, runtimeId: randomUUID(), currentTurnId, permissionMode, places, ownNames: () => [] };
    return createPermissionGate({ ...parts, deadlineMs: options.deadlineMs ?? 1000 });
  }

  const denied = (permissionDecisionReason: string) => ({
    hookSpecificOutput: { hookEventName: "PreToolUse", permissionDecision: "deny", permissionDecisionReason },
  });

  it("denies when nobody decides by the deadline [runner.gate]", async () => {
    const gate = gateWith(() => new Promise(() => {}), { deadlineMs: 30 });
    const signal = new AbortController().signal;
    expect(await gate.preToolUse(ask, "id", { signal })).toEqual(denied(DENIALS.deadline));
  });

  it("denies when nobody is connected by the deadline", async () => {
    const link = createHostLink(() => {});
    const parts = {
      link,
      runtimeId: randomUUID(),
      currentTurnId: () => randomUUID(),
      permissionMode: () => "default" as const,
      places,
      ownNames: () => [],
    };
    const gate = createPermissionGate({ ...parts, deadlineMs: 30 });
    expect(await gate.preToolUse(ask, "id", { signal: new AbortController().signal })).toEqual(
      denied(DENIALS.deadline),
    );
  });

  it.each(PERMISSION_MODES)(
    "denies when our own code throws, in mode %s too [runner.gate]",
    async (permission_mode) => {
      const ask = { ...plainAsk, permission_mode } as never;
      const signal = new AbortController().signal;
      const throwing = () => {
        throw new Error("our bug");
      };
      const byTurn = gateWith(async () => ({ behavior: "allow" }), { turnId: throwing });
      expect(await byTurn.preToolUse(ask, "id", { signal })).toEqual(denied(DENIALS.failed));
      expect(await gateWith(throwing).preToolUse(ask, "id", { signal })).toEqual(denied(DENIALS.failed));
      const consent = await gateWith(throwing).canUseTool("Write", {}, { signal, toolUseID: "id" } as never);
      expect(consent).toEqual({ behavior: "deny", message: DENIALS.failed });
    },
  );

  it("says so when it asks with less than what the tool gets [permissions.cut]", async () => {
    const asked: PermissionQuestion[] = [];
    const gate = gateWith(async (question) => {
      asked.push(question);
      return { behavior: "deny", message: "No." };
    });
    const signal = new AbortController().signal;
    const ids = Array.from({ length: 100_000 }, (_, index) => index);
    await gate.preToolUse({ ...plainAsk, tool_name: "mcp__a__drop", tool_input: { ids } } as never, "id", { signal });
    await gate.canUseTool("mcp__a__drop", { ids }, { signal, toolUseID: "id" } as never);
    await gate.canUseTool("mcp__a__drop", { ids: [1] }, { signal, toolUseID: "id" } as never);
    expect(asked.map(({ tool_input }) => isShortened(tool_input))).toEqual([true, true, false]);
  });

  it("gives an MCP server the person's answer, or says that they declined, and never throws [permissions.questions]", async () => {
    const asked: PermissionQuestion[] = [];
    const answers: (() => Promise<unknown>)[] = [
      async () => ({ behavior: "allow", added_input: { name: "Ada" } }),
      async () => ({ behavior: "deny", message: "No." }),
      async () => ({ behavior: "no_rule" }),
      () => Promise.reject(new Error("our bug")),
    ];
    const signal = new AbortController().signal;
    const requestedSchema = { type: "object", properties: { name: { type: "string" } } };
    const request = { serverName: "files", message: "Who?", mode: "form" as const, requestedSchema };
    const told = [];
    for (const answer of answers) {
      const gate = gateWith((question) => {
        asked.push(question);
        return answer();
      });
      told.push(await gate.onElicitation(request, { signal, requestId: "1" }));
    }
    const declined = { action: "decline" };
    expect(told).toEqual([{ action: "accept", content: { name: "Ada" } }, declined, declined, declined]);
    const tool_input = { message: "Who?", mode: "form", requested_schema: requestedSchema };
    expect(asked[0]).toMatchObject({ stage: "elicitation", tool_name: "files", tool_use_id: null, tool_input });
  });

  it("denies when the turn was stopped meanwhile", async () => {
    const stopped = new AbortController();
    const gate = gateWith(() => new Promise(() => {}), { deadlineMs: 5_000 });
    const answer = gate.preToolUse(ask, "id", { signal: stopped.signal });
    stopped.abort();
    expect(await answer).toEqual(denied(DENIALS.deadline));
  });
});
