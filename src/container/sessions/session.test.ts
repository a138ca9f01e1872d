// Turns with the real Claude Code: how they begin, end, stop, follow each other and survive its process.
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { readModelRetry } from "../../shared/models/retry-policy.ts";
import { useRunnerBench } from "../../../test/support/runner-bench.ts";
import { makeTurn, readCliMessage, type TestHost } from "../../../test/support/runner-host.ts";
import { countPrompts, modelRequestSchema } from "../../../test/support/scripted-model/conversation.ts";
import { callTool, embedScenario, hold, say } from "../../../test/support/scripted-model/scenario.ts";

const bench = useRunnerBench();

/** A prompt that no other test uses, so that its requests can be told apart. */
function uniquePrompt(text: string, scenario?: Parameters<typeof embedScenario>[0]): { prompt: string; mark: string } {
  const mark = `mark-${randomUUID()}`;
  return { mark, prompt: `${text} ${mark}${scenario === undefined ? "" : `\n${embedScenario(scenario)}`}` };
}

function requestsAbout(mark: string) {
  return bench.model.requests
    .filter(({ path }) => path.startsWith("/v1/messages?"))
    .map(({ body }) => modelRequestSchema.parse(body))
    .filter((request) => JSON.stringify(request.messages).includes(mark));
}

function cliPid(host: TestHost): number {
  const started = host.ofKind("cli_started").at(-1);
  if (started === undefined) throw new Error("no CLI was started");
  return started.pid;
}

const slowText = [{ type: "pace" as const, delay_ms: 50 }, say("a slow word ", 400)];

describe("a turn", () => {
  it("records its beginning, every message and one end, numbered 1…n, and writes the file [runner.turn_end]", async () => {
    const host = await bench.openSession();
    const turn = makeTurn("Please write session-test.txt", randomUUID());
    expect(await host.runner().startTurn(turn)).toEqual({ state: "started" });
    const ended = await host.turnEnded(turn.turn_id);
    expect(ended).toMatchObject({ reason: "result", result: { subtype: "success", is_error: false, num_turns: 2 } });
    expect(host.entries.map((entry) => entry.source_seq)).toEqual(host.entries.map((_entry, index) => index + 1));
    expect(host.entries.map((entry) => entry.kind).filter((kind) => kind !== "message")).toEqual([
      "turn_started",
      "cli_started",
      "turn_ended",
    ]);
    expect(host.messages().map(({ type }) => type)).toEqual(
      expect.arrayContaining(["system", "assistant", "user", "result"]),
    );
    expect(readFileSync(join(bench.runner.workspaceDir, "session-test.txt"), "utf8")).toContain("scripted model");
  });

  it("is begun once, however often it is started, and another one waits [runner.next_prompt]", async () => {
    const host = await bench.openSession();
    const gate = randomUUID();
    const { prompt } = uniquePrompt("hold on", { steps: [[hold(gate), say("done")]] });
    const turn = makeTurn(prompt, randomUUID());
    await host.runner().startTurn(turn);
    await bench.model.reached(gate);
    expect(await host.runner().startTurn(turn)).toEqual({ state: "known" });
    expect(await host.runner().startTurn(makeTurn("other", turn.claude_session_id))).toEqual({ state: "busy" });
    expect(await host.runner().ping()).toMatchObject({ running_turn_id: turn.turn_id, cli_live: true });
    bench.model.release(gate);
    await host.turnEnded(turn.turn_id);
    expect(await host.runner().startTurn(turn)).toEqual({ state: "known" });
    expect(host.ofKind("turn_started")).toHaveLength(1);
    expect(host.ofKind("turn_ended")).toHaveLength(1);
  });

  it("goes to the same process as the one before it, in the same conversation", async () => {
    const host = await bench.openSession();
    const first = uniquePrompt("first");
    const turn = makeTurn(first.prompt, randomUUID());
    await host.runner().startTurn(turn);
    await host.turnEnded(turn.turn_id);
    const second = makeTurn(uniquePrompt("second").prompt, turn.claude_session_id);
    await host.runner().startTurn(second);
    await host.turnEnded(second.turn_id);
    expect(host.ofKind("cli_started")).toHaveLength(1);
    expect(countPrompts(requestsAbout(first.mark).at(-1)!, first.mark)).toBe(1);
    expect(requestsAbout(first.mark)).toHaveLength(2);
  });

  it("ends as interrupted when it is interrupted, and the session takes the next prompt", async () => {
    const host = await bench.openSession();
    const { prompt, mark } = uniquePrompt("slowly", { steps: [slowText] });
    const turn = makeTurn(prompt, randomUUID());
    await host.runner().startTurn(turn);
    await expect.poll(() => requestsAbout(mark).length, { timeout: 10_000 }).toBe(1);
    expect(await host.runner().interruptTurn({ turn_id: turn.turn_id })).toEqual({ running: true });
    expect(await host.turnEnded(turn.turn_id)).toMatchObject({ reason: "interrupted", result: { is_error: true } });
    expect(await host.runner().interruptTurn({ turn_id: turn.turn_id })).toEqual({ running: false });
    const next = makeTurn("go on", turn.claude_session_id);
    await host.runner().startTurn(next);
    expect(await host.turnEnded(next.turn_id)).toMatchObject({ reason: "result", result: { is_error: false } });
  });

  it("ends as interrupted when it is interrupted before Claude Code has begun with it", async () => {
    const host = await bench.openSession();
    const turn = makeTurn(uniquePrompt("slowly", { steps: [slowText] }).prompt, randomUUID());
    await host.runner().startTurn(turn);
    await host.runner().interruptTurn({ turn_id: turn.turn_id });
    expect(await host.turnEnded(turn.turn_id)).toMatchObject({ reason: "interrupted" });
    const next = makeTurn("go on", turn.claude_session_id);
    await host.runner().startTurn(next);
    expect(await host.turnEnded(next.turn_id)).toMatchObject({ reason: "result", result: { is_error: false } });
  });

  it("ends as timed_out when its time is up", async () => {
    const host = await bench.openSession();
    const turn = makeTurn(uniquePrompt("slowly", { steps: [slowText] }).prompt, randomUUID(), { timeout_seconds: 2 });
    await host.runner().startTurn(turn);
    expect(await host.turnEnded(turn.turn_id)).toMatchObject({ reason: "timed_out" });
  });

  it("ends as cli_exited when the process is killed, and the next prompt resumes the conversation [runner.resume]", async () => {
    const host = await bench.openSession();
    // With an answer behind it, so that the CLI has written its transcript.
    const first = uniquePrompt("slowly", { steps: [[callTool("Bash", { command: "true" })], slowText] });
    const turn = makeTurn(first.prompt, randomUUID());
    await host.runner().startTurn(turn);
    await expect.poll(() => requestsAbout(first.mark).length, { timeout: 10_000 }).toBe(2);
    process.kill(cliPid(host), "SIGKILL");
    expect(await host.turnEnded(turn.turn_id)).toMatchObject({ reason: "cli_exited", signal: "SIGKILL", result: null });
    expect(host.ofKind("cli_exited")).toHaveLength(1);
    const next = uniquePrompt("next");
    const second = makeTurn(next.prompt, turn.claude_session_id);
    await host.runner().startTurn(second);
    expect(await host.turnEnded(second.turn_id)).toMatchObject({ reason: "result", result: { is_error: false } });
    expect(host.ofKind("cli_started").at(-1)).toMatchObject({ resumed: true });
    expect(countPrompts(requestsAbout(next.mark).at(-1)!, first.mark)).toBe(1);
  });
});

describe("a model whose API is too busy", () => {
  it.each([429, 529])(
    "is waited out, and each wait of a %i is told while it lasts [session.model_retry]",
    async (status) => {
      const host = await bench.openSession();
      const gate = randomUUID();
      const { prompt } = uniquePrompt("be patient", {
        steps: [[{ type: "error", status, times: 2, retry_after_seconds: 1 }, hold(gate), say("at last")]],
      });
      const turn = makeTurn(prompt, randomUUID());
      await host.runner().startTurn(turn);
      const told = () => host.ofKind("message").flatMap(({ message }) => readModelRetry(message) ?? []);
      await host.until(() => (told().length === 2 ? true : undefined), "the second wait");
      expect(host.ofKind("turn_ended")).toEqual([]);
      expect(told()).toMatchObject([
        { attempt: 1, http_status: status },
        { attempt: 2, http_status: status },
      ]);
      bench.model.release(gate);
      expect(await host.turnEnded(turn.turn_id)).toMatchObject({ result: { text: "at last", is_error: false } });
    },
  );
});

describe("options of a turn", () => {
  it("have a budget of its own, counted from nothing in each turn", async () => {
    const host = await bench.openSession();
    const spend = [
      [{ type: "usage" as const, output_tokens: 20_000 }, callTool("Bash", { command: "true" })],
      [say("spent")],
    ];
    const claudeSessionId = randomUUID();
    const turns = [1, 2, 3].map(() =>
      makeTurn(uniquePrompt("spend", { steps: spend }).prompt, claudeSessionId, { max_budget_usd: 1.2 }),
    );
    const costs: number[] = [];
    for (const turn of turns) {
      await host.runner().startTurn(turn);
      const ended = await host.turnEnded(turn.turn_id);
      expect(ended.result?.subtype).toBe("success");
      costs.push(ended.result?.total_cost_usd ?? 0);
    }
    // Three turns of about 0.6 each: the CLI's total runs on past the budget of a single turn.
    expect(costs[2]).toBeGreaterThan(1.2);
    const over = makeTurn(uniquePrompt("spend", { steps: spend }).prompt, claudeSessionId, { max_budget_usd: 0.1 });
    await host.runner().startTurn(over);
    expect((await host.turnEnded(over.turn_id)).result).toMatchObject({
      subtype: "error_max_budget_usd",
      is_error: true,
    });
    const after = makeTurn(uniquePrompt("cheap").prompt, claudeSessionId);
    await host.runner().startTurn(after);
    expect((await host.turnEnded(after.turn_id)).result?.subtype).toBe("success");
  });

  it("change model and permission mode of the live process", async () => {
    const host = await bench.openSession();
    const claudeSessionId = randomUUID();
    const modes = ["acceptEdits", "plan", "default"] as const;
    for (const [index, permission_mode] of modes.entries()) {
      const model = `claude-test-${index}`;
      const { prompt, mark } = uniquePrompt("hello");
      const turn = makeTurn(prompt, claudeSessionId, { permission_mode, model });
      await host.runner().startTurn(turn);
      await host.turnEnded(turn.turn_id);
      expect(requestsAbout(mark)[0]?.model).toBe(model);
      const init = host.messages().findLast(({ subtype }) => subtype === "init");
      expect(init).toMatchObject({ permissionMode: permission_mode });
    }
    expect(host.ofKind("cli_started")).toHaveLength(1);
  });
});

describe("plan mode that Claude entered by itself", () => {
  it("ends with its turn: the next one runs in the mode that it was given", async () => {
    const host = await bench.openSession({ decidePermission: async () => ({ behavior: "no_rule" }) });
    const claudeSessionId = randomUUID();
    const path = join(bench.runner.workspaceDir, "after-plan.txt");
    for (const step of [callTool("EnterPlanMode", {}), callTool("Write", { file_path: path, content: "written" })]) {
      const { prompt } = uniquePrompt("go", { steps: [[step], [say("done")]] });
      const turn = makeTurn(prompt, claudeSessionId, { permission_mode: "acceptEdits" });
      await host.runner().startTurn(turn);
      await host.turnEnded(turn.turn_id);
    }
    expect(readFileSync(path, "utf8")).toBe("written");
  });
});

describe("a background task", () => {
  it("makes a turn of its own of what Claude does after it [runner.follow_up]", async () => {
    const host = await bench.openSession({ decidePermission: async () => ({ behavior: "allow" }) });
    const { prompt } = uniquePrompt("in the background", {
      steps: [[callTool("Bash", { command: "sleep 1; echo late", run_in_background: true })], [say("started")]],
      follow_up: [[say("the task has ended")]],
    });
    const turn = makeTurn(prompt, randomUUID());
    await host.runner().startTurn(turn);
    expect((await host.turnEnded(turn.turn_id)).result?.text).toBe("started");
    expect(await host.runner().ping()).toMatchObject({ running_turn_id: null, background_tasks: 1 });
    const followUp = await host.until(
      () => host.ofKind("turn_ended").find(({ turn_id }) => turn_id !== turn.turn_id),
      "the follow-up's end",
    );
    expect(followUp).toMatchObject({ reason: "result", result: { text: "the task has ended" } });
    const started = host.ofKind("turn_started").at(-1);
    expect(started).toMatchObject({ turn_id: followUp.turn_id, origin: "follow_up" });
    expect(host.ofKind("background_tasks_changed").map(({ running }) => running)).toEqual([1, 0]);
    const init = host.ofKind("message").findLast(({ message }) => readCliMessage(message).subtype === "init");
    expect(init?.turn_id).toBe(followUp.turn_id);
  });

  it("does not end the turn of a prompt that came while Claude was going on by itself", async () => {
    const host = await bench.openSession({ decidePermission: async () => ({ behavior: "allow" }) });
    const { prompt } = uniquePrompt("in the background", {
      steps: [[callTool("Bash", { command: "sleep 1", run_in_background: true })], [say("started")]],
      follow_up: [[{ type: "pace", delay_ms: 40 }, say("slowly going on ", 30)]],
    });
    const turn = makeTurn(prompt, randomUUID());
    await host.runner().startTurn(turn);
    await host.turnEnded(turn.turn_id);
    const followUp = await host.until(
      () => host.ofKind("turn_started").find(({ origin }) => origin === "follow_up"),
      "the follow-up",
    );
    const next = makeTurn(uniquePrompt("next", { steps: [[say("the next answer")]] }).prompt, turn.claude_session_id);
    expect(await host.runner().startTurn(next)).toEqual({ state: "busy" });
    await host.turnEnded(followUp.turn_id);
    expect(await host.runner().startTurn(next)).toEqual({ state: "started" });
    expect((await host.turnEnded(next.turn_id)).result?.text).toBe("the next answer");
  });

  it("whose follow-up is interrupted leaves the session ready for the next prompt", async () => {
    const host = await bench.openSession({ decidePermission: async () => ({ behavior: "allow" }) });
    const { prompt } = uniquePrompt("in the background", {
      steps: [[callTool("Bash", { command: "sleep 0.5", run_in_background: true })], [say("started")]],
      follow_up: [slowText],
    });
    const turn = makeTurn(prompt, randomUUID());
    await host.runner().startTurn(turn);
    const followUp = await host.until(
      () => host.ofKind("turn_started").find(({ origin }) => origin === "follow_up"),
      "the follow-up",
    );
    await sleep(300);
    await host.runner().interruptTurn({ turn_id: followUp.turn_id });
    expect(await host.turnEnded(followUp.turn_id)).toMatchObject({ reason: "interrupted" });
    const next = makeTurn("go on", turn.claude_session_id);
    await host.runner().startTurn(next);
    expect(await host.turnEnded(next.turn_id)).toMatchObject({ reason: "result", result: { is_error: false } });
  });

  it("ends with the session, together with its process", async () => {
    const host = await bench.openSession({ decidePermission: async () => ({ behavior: "allow" }) });
    const { prompt } = uniquePrompt("in the background", {
      steps: [[callTool("Bash", { command: "sleep 987.25", run_in_background: true })], [say("started")]],
    });
    const turn = makeTurn(prompt, randomUUID());
    await host.runner().startTurn(turn);
    await host.turnEnded(turn.turn_id);
    await host.runner().endSession();
    await sleep(100);
    expect(listCommands().filter((command) => command.includes("987.25"))).toEqual([]);
    expect(await host.runner().ping()).toMatchObject({ cli_live: false, background_tasks: 0 });
  });
});

describe("a session that is forgotten", () => {
  it("ends with its process in mid-turn and leaves no file; the runner serves it anew if it is asked [archive.delete]", async () => {
    const host = await bench.openSession();
    const { prompt, mark } = uniquePrompt("slowly", { steps: [slowText] });
    const turn = makeTurn(prompt, randomUUID());
    await host.runner().startTurn(turn);
    await expect.poll(() => requestsAbout(mark).length, { timeout: 10_000 }).toBe(1);
    const pid = cliPid(host);
    const folder = join(bench.runner.stateDir, "sessions", host.sessionId);
    expect(existsSync(folder)).toBe(true);
    await host.runner().forgetSession();
    expect(existsSync(folder)).toBe(false);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    await host.runner().forgetSession();
    expect(existsSync(folder)).toBe(false);
  });
});

describe("SIGTERM", () => {
  it("interrupts the turn, delivers its end and exits 0 [runner.sigterm]", async () => {
    const { startRunner, createTestHost } = await import("../../../test/support/runner-host.ts");
    const runner = await startRunner({ edgeUrl: bench.edge.url });
    const host = createTestHost(runner);
    await host.connect();
    const { prompt, mark } = uniquePrompt("slowly", { steps: [slowText] });
    const turn = makeTurn(prompt, randomUUID());
    await host.runner().startTurn(turn);
    await expect.poll(() => requestsAbout(mark).length, { timeout: 10_000 }).toBe(1);
    runner.child.kill("SIGTERM");
    expect(await runner.exited).toEqual({ exitCode: 0, signal: null });
    expect(host.ofKind("turn_ended")).toMatchObject([{ turn_id: turn.turn_id, reason: "interrupted" }]);
    expect(host.entries.at(-1)?.kind).toBe("cli_exited");
  });
});

function listCommands(): string[] {
  const { readdirSync } = process.getBuiltinModule("node:fs");
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      } catch {
        return "";
      }
    });
}
