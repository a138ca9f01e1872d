// What acts on a turn while it runs, with the real Claude Code.
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { useRunnerBench } from "../../../test/support/runner-bench.ts";
import { makeTurn } from "../../../test/support/runner-host.ts";
import { callTool, embedScenario, hold, say } from "../../../test/support/scripted-model/scenario.ts";

const bench = useRunnerBench();

describe("a prompt that steers", () => {
  it("is folded into the running turn, once, and shares its result [runner.steer]", async () => {
    const host = await bench.openSession({ decidePermission: async () => ({ behavior: "allow" }) });
    const gate = randomUUID();
    const scenario = { steps: [[hold(gate), callTool("Bash", { command: "echo one" })], [say("both heard")]] };
    const turn = makeTurn(`begin\n${embedScenario(scenario)}`, randomUUID());
    await host.runner().startTurn(turn);
    await bench.model.reached(gate);
    const steer = { turn_id: turn.turn_id, steer_id: randomUUID(), prompt: "and mind the second thing" };
    expect(await host.runner().steerTurn(steer)).toEqual({ state: "folded" });
    expect(await host.runner().steerTurn(steer)).toEqual({ state: "known" });
    bench.model.release(gate);
    await host.turnEnded(turn.turn_id);
    expect(host.ofKind("turn_ended")).toHaveLength(1);
    const newest = JSON.stringify(bench.model.requests.at(-1)?.body);
    expect(newest.split("and mind the second thing")).toHaveLength(2);
    const late = { ...steer, steer_id: randomUUID() };
    expect(await host.runner().steerTurn(late)).toEqual({ state: "over" });
  });
});

describe("model and permission mode", () => {
  it("change in the live CLI while a turn runs [runner.steer]", async () => {
    const host = await bench.openSession();
    const none = await host.runner().setLiveOptions({ model: null, permission_mode: "plan" });
    expect(none).toEqual({ applied: false });
    const gate = randomUUID();
    const scenario = { steps: [[hold(gate), callTool("Read", { file_path: "/nothing" })], [say("done")]] };
    const turn = makeTurn(`go\n${embedScenario(scenario)}`, randomUUID());
    await host.runner().startTurn(turn);
    await bench.model.reached(gate);
    const options = { model: "claude-haiku-4-5", permission_mode: "plan" } as const;
    expect(await host.runner().setLiveOptions(options)).toEqual({ applied: true });
    bench.model.release(gate);
    await host.turnEnded(turn.turn_id);
    expect(host.questions.at(-1)?.permission_mode).toBe("plan");
    const models = bench.model.requests.map(({ body }) => (body as { model?: string }).model);
    expect(models.at(-1)).toBe("claude-haiku-4-5");
  });
});

describe("a turn whose model says nothing", () => {
  it("ends as silent, and the session takes the next prompt [runner.silence]", async () => {
    const host = await bench.openSession();
    const gate = randomUUID();
    const id = randomUUID();
    const scenario = { steps: [[hold(gate), say("never heard")]] };
    const turn = makeTurn(`wait\n${embedScenario(scenario)}`, id, { silence_seconds: 1 });
    await host.runner().startTurn(turn);
    expect(await host.turnEnded(turn.turn_id, 20_000)).toMatchObject({ reason: "silent" });
    const next = makeTurn("hello again", id);
    await host.runner().startTurn(next);
    expect(await host.turnEnded(next.turn_id)).toMatchObject({ reason: "result" });
  });
});
