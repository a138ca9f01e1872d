// The engine is there before it is needed: a tool call of a turn starts it.
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { useRunnerBench } from "../../../../test/support/runner-bench.ts";
import { connectWorkspace, makeTurn } from "../../../../test/support/runner-host.ts";
import { callTool, embedScenario, say } from "../../../../test/support/scripted-model/scenario.ts";

const bench = useRunnerBench();

const engines = (): number => {
  const children = execFileSync("ps", ["-o", "args=", "--ppid", String(bench.runner.child.pid)], { encoding: "utf8" });
  return children.split("\n").filter((line) => line.includes("checkpoints/engine/main.ts")).length;
};

async function runTurn(steps: Parameters<typeof embedScenario>[0]["steps"]): Promise<void> {
  const host = await bench.openSession();
  const turn = makeTurn(`work\n${embedScenario({ steps })}`, randomUUID());
  await host.runner().startTurn(turn);
  await host.turnEnded(turn.turn_id);
}

it("starts with the first tool call, once, and not with words alone [checkpoints.after_result]", async () => {
  await runTurn([[say("hello")]]);
  const workspace = await connectWorkspace(bench.runner);
  const none = { operation_id: randomUUID(), parent: null, full: false, tokens: { write: null, read: null } };
  const host = { progress: async () => {}, captured: async () => {}, renewTokens: async () => none.tokens };
  expect(await workspace.takeCheckpoint(none, host)).toMatchObject({ value: { tree: { chunks: [], files: 0 } } });
  expect(engines()).toBe(0);
  const work = callTool("Bash", { command: "true", description: "work" });
  await runTurn([[work], [work], [say("done")]]);
  expect(engines()).toBe(1);
});
