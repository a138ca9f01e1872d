// When the real Claude Code goes: minutes after the last prompt, not while it works, and the next prompt finds its conversation.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createTestHost,
  makeTurn,
  type RunnerProcess,
  startRunner,
  startTestEdge,
  type TestEdge,
} from "../../../test/support/runner-host.ts";
import { countPrompts, modelRequestSchema } from "../../../test/support/scripted-model/conversation.ts";
import { callTool, embedScenario, say } from "../../../test/support/scripted-model/scenario.ts";
import { type ScriptedModel, startScriptedModel } from "../../../test/support/scripted-model/server.ts";

/** Two seconds. */
const IDLE_MINUTES = 2 / 60;

describe("a CLI that nobody needs", () => {
  let model: ScriptedModel;
  let edge: TestEdge;
  let runner: RunnerProcess;
  beforeAll(async () => {
    model = await startScriptedModel();
    edge = await startTestEdge(model.url);
    runner = await startRunner({ edgeUrl: edge.url, environment: { BERTH_CLI_IDLE_MINUTES: String(IDLE_MINUTES) } });
  });
  afterAll(async () => {
    await runner.stop();
    await edge.close();
    await model.close();
  });

  it("ends after its time, and the next prompt resumes the conversation [sleeping.cli] [runner.resume]", async () => {
    const host = createTestHost(runner);
    await host.connect();
    const mark = `mark-${randomUUID()}`;
    const first = makeTurn(`remember ${mark}`, randomUUID());
    await host.runner().startTurn(first);
    await host.turnEnded(first.turn_id);
    expect(await host.runner().ping()).toMatchObject({ cli_live: true });
    await host.until(() => host.ofKind("cli_exited")[0], "the end of the idle CLI", 10_000);
    expect(await host.runner().ping()).toMatchObject({ cli_live: false, background_tasks: 0 });
    const next = makeTurn(`again ${mark}`, first.claude_session_id);
    await host.runner().startTurn(next);
    expect(await host.turnEnded(next.turn_id)).toMatchObject({ result: { is_error: false } });
    expect(host.ofKind("cli_started").at(-1)).toMatchObject({ resumed: true });
    const bodies = model.requests
      .filter(({ path }) => path.startsWith("/v1/messages?"))
      .map(({ body }) => modelRequestSchema.parse(body));
    const newest = bodies.findLast((body) => JSON.stringify(body.messages).includes(mark));
    expect(countPrompts(newest!, mark)).toBe(2);
  });

  it("does not end in a turn that is longer than that, nor right after it [sleeping.cli]", async () => {
    const host = createTestHost(runner);
    await host.connect();
    const long = [[callTool("Bash", { command: "sleep 4" })], [say("slept")]];
    const turn = makeTurn(`take your time\n${embedScenario({ steps: long })}`, randomUUID());
    await host.runner().startTurn(turn);
    expect(await host.turnEnded(turn.turn_id)).toMatchObject({ reason: "result", result: { text: "slept" } });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(host.ofKind("cli_exited")).toEqual([]);
    await host.until(() => host.ofKind("cli_exited")[0], "the end of the idle CLI", 10_000);
  });

  it("does not end while a background task runs [sleeping.cli]", async () => {
    const host = createTestHost(runner);
    await host.connect();
    const steps = [[callTool("Bash", { command: "sleep 5; echo over", run_in_background: true })], [say("it runs")]];
    const turn = makeTurn(
      `in the background\n${embedScenario({ steps, follow_up: [[say("it is over")]] })}`,
      randomUUID(),
    );
    await host.runner().startTurn(turn);
    await host.turnEnded(turn.turn_id);
    await host.until(() => host.ofKind("turn_ended")[1], "the follow-up", 15_000);
    const kinds = host.entries.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "cli_exited")).toEqual([]);
    expect(host.ofKind("cli_started")).toHaveLength(1);
  });
});
