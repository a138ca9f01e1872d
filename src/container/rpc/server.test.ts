// The runner's endpoints: who gets in, what a hello must say, which connection counts.
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { useRunnerBench } from "../../../test/support/runner-bench.ts";
import { connectWorkspace, createTestHost, dial, makeTurn, startRunner } from "../../../test/support/runner-host.ts";
import { RUNNER_PATHS, RUNNER_PROTOCOL_VERSION } from "../../shared/rpc/protocol.ts";
import { runnerHealthSchema } from "../../shared/rpc/runner-workspace-api.ts";

const bench = useRunnerBench();
const paths = [RUNNER_PATHS.session(randomUUID()), RUNNER_PATHS.workspace];

function getHealth(token: string, port = bench.runner.port) {
  return fetch(`http://127.0.0.1:${port}${RUNNER_PATHS.health}`, { headers: { authorization: `Bearer ${token}` } });
}

describe("without the boot token", () => {
  it.each(paths)("%s is refused", async (path) => {
    await expect(dial(bench.runner, path, { token: "wrong" })).rejects.toThrow("HTTP 401");
    await expect(dial(bench.runner, path, { token: "" })).rejects.toThrow("HTTP 401");
  });

  it("/health is refused [runner.boot]", async () => {
    expect((await getHealth(`${bench.runner.bootToken}x`)).status).toBe(401);
  });
});

describe("with the boot token", () => {
  it("/health names the runtime, the workspace and whether its disk is new [runner.boot]", async () => {
    const health = runnerHealthSchema.parse(await (await getHealth(bench.runner.bootToken)).json());
    expect(health).toMatchObject({ workspace_id: bench.runner.workspaceId, workspace_state: "new", busy_sessions: [] });
  });

  it("a second boot on the same disk is another runtime on a kept workspace [runner.boot]", async () => {
    const first = await startRunner({ edgeUrl: bench.edge.url });
    const health = runnerHealthSchema.parse(await (await getHealth(first.bootToken, first.port)).json());
    await first.stop();
    const folder = first.stateDir.replace(/\/state$/, "");
    const second = await startRunner({ edgeUrl: bench.edge.url, folder });
    const again = runnerHealthSchema.parse(await (await getHealth(second.bootToken, second.port)).json());
    await second.stop();
    expect(again.workspace_state).toBe("kept");
    expect(again.runtime_id).not.toBe(health.runtime_id);
  });

  it.each(paths)("%s is for the runtime that is meant, and for no other [checkpoints.fenced]", async (path) => {
    const { runtime_id } = runnerHealthSchema.parse(await (await getHealth(bench.runner.bootToken)).json());
    (await dial(bench.runner, path, { runtimeId: runtime_id })).close();
    await expect(dial(bench.runner, path, { runtimeId: randomUUID() })).rejects.toThrow("HTTP 409");
  });

  it.each(["/", "/rpc/sessions/not-a-uuid", "/rpc/sessions/", "/rpc/other"])("%s is not found", async (path) => {
    await expect(dial(bench.runner, path)).rejects.toThrow("HTTP 404");
  });
});

describe("a hello", () => {
  it("of an unknown protocol version is refused with what to do [runner.boot]", async () => {
    const host = createTestHost(bench.runner);
    await expect(host.connect({ protocolVersion: 99 })).rejects.toThrow(
      /speaks protocol 1, 2, 3, 4; replace the sandbox/,
    );
  });

  it("in the older version is answered with the runner's own [runner.versions]", async () => {
    const host = createTestHost(bench.runner);
    expect(await host.connect()).toMatchObject({ protocol_version: RUNNER_PROTOCOL_VERSION });
  });

  it("on a new connection closes the older one", async () => {
    const host = await bench.openSession();
    const older = host.socket();
    await host.connect();
    await expect.poll(() => older?.readyState).toBe(3);
    const turn = makeTurn("hello", randomUUID());
    await host.runner().startTurn(turn);
    await host.turnEnded(turn.turn_id);
  });
});

describe("arguments", () => {
  it("that do not follow the contract are refused by the names of their fields, without their values", async () => {
    const host = await bench.openSession();
    const turn = { ...makeTurn("hello", randomUUID()), permission_mode: "root-please", prompt: "" };
    const refused = host.runner().startTurn(turn as never);
    await expect(refused).rejects.toThrow(/contract: prompt, permission_mode/);
    await expect(host.runner().startTurn(turn as never)).rejects.not.toThrow(/root-please/);
    expect(await host.runner().ping()).toMatchObject({ running_turn_id: null });
  });
});

describe("shutdown by the Workspace object", () => {
  it("answers and ends the runner", async () => {
    const runner = await startRunner({ edgeUrl: bench.edge.url });
    const workspace = await connectWorkspace(runner);
    await workspace.shutdown();
    expect(await runner.exited).toEqual({ exitCode: 0, signal: null });
  });
});
