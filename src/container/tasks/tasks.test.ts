import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { useRunnerBench } from "../../../test/support/runner-bench.ts";
import { makeTurn } from "../../../test/support/runner-host.ts";
import { callTool, embedScenario, say } from "../../../test/support/scripted-model/scenario.ts";

const bench = useRunnerBench();

async function begin(command: string) {
  const host = await bench.openSession({ decidePermission: async () => ({ behavior: "allow" }) });
  const scenario = embedScenario({
    steps: [[callTool("Bash", { command, run_in_background: true, description: "wait a bit" })], [say("started")]],
    follow_up: [[say("it has ended")]],
  });
  const turn = makeTurn(`in the background ${randomUUID()}\n${scenario}`, randomUUID());
  await host.runner().startTurn(turn);
  await host.turnEnded(turn.turn_id);
  return { host, turn };
}

describe("background tasks", () => {
  it("are listed while they run, with what they wrote, and stop when they are told to [tasks.list] [tasks.stop]", async () => {
    const { host } = await begin("echo so far; sleep 600.125");
    const [task] = await host.runner().listTasks();
    expect(task).toMatchObject({ type: "local_bash", status: "running", ended_at: null, summary: null });
    expect(task?.tool_use_id).toMatch(/^toolu_/);
    const task_id = task!.task_id;
    await expect
      .poll(async () => (await host.runner().readTaskOutput({ task_id })).output)
      .toMatchObject({ output: "so far\n", total_bytes: 7, truncated: false });
    expect(await host.runner().stopTask({ task_id })).toEqual({ stopped: true });
    await expect.poll(() => host.runner().listTasks()).toMatchObject([{ task_id, status: "stopped" }]);
    expect(await host.runner().stopTask({ task_id })).toEqual({ stopped: false });
    await expect.poll(async () => (await host.runner().ping()).background_tasks).toBe(0);
  });

  it("that ended by themselves are listed with their end [tasks.list]", async () => {
    const { host } = await begin("sleep 0.5; echo done");
    await host.until(() => host.ofKind("turn_ended")[1], "the follow-up's end");
    const [task] = await host.runner().listTasks();
    expect(task).toMatchObject({ status: "completed", summary: expect.stringContaining("wait a bit") });
    expect(task!.ended_at! >= task!.started_at).toBe(true);
    const { output } = await host.runner().readTaskOutput({ task_id: task!.task_id });
    expect(output?.output).toContain("done\n");
  });

  it("that nobody knows are neither stopped nor read [tasks.stop]", async () => {
    const host = await bench.openSession();
    expect(await host.runner().listTasks()).toEqual([]);
    expect(await host.runner().stopTask({ task_id: "b123" })).toEqual({ stopped: false });
    expect(await host.runner().readTaskOutput({ task_id: "b123" })).toEqual({ output: null });
    await expect(host.runner().stopTask({ task_id: "../etc" })).rejects.toThrow("contract");
  });
});
