// The run token with the real Claude Code: where it lies, where it never shows, and how it is replaced.
import { randomUUID } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { useRunnerBench } from "../../../test/support/runner-bench.ts";
import { grantToken, makeTurn } from "../../../test/support/runner-host.ts";
import { callTool, embedScenario, hold, say } from "../../../test/support/scripted-model/scenario.ts";

const bench = useRunnerBench();

describe("the run token", () => {
  it("lies in a file that its owner alone reads, and in no environment or argument [gateway.key_safety]", async () => {
    const host = await bench.openSession();
    const gate = randomUUID();
    const turn = makeTurn(`wait\n${embedScenario({ steps: [[hold(gate), say("done")]] })}`, randomUUID());
    await host.runner().startTurn(turn);
    await bench.model.reached(gate);
    const pid = host.ofKind("cli_started")[0]?.pid ?? 0;
    const { token } = turn.run_token;
    const file = join(bench.runner.stateDir, "sessions", host.sessionId, "run-token");
    expect(readFileSync(file, "utf8")).toBe(token);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    for (const process of [pid, bench.runner.child.pid]) {
      expect(readFileSync(`/proc/${process}/environ`, "utf8")).not.toContain(token);
      expect(readFileSync(`/proc/${process}/cmdline`, "utf8")).not.toContain(token);
    }
    expect(readFileSync(`/proc/${pid}/environ`, "utf8")).not.toContain(bench.runner.bootToken);
    expect(bench.edge.tokens.at(-1)).toBe(token);
    bench.model.release(gate);
    await host.turnEnded(turn.turn_id);
  });

  it("is renewed while a turn runs, and Claude Code goes on with the new one after a 401 [runner.token_renewal]", async () => {
    const fresh = grantToken();
    const host = await bench.openSession({ renewRunToken: async () => fresh });
    const gate = randomUUID();
    const scenario = { steps: [[hold(gate), callTool("Bash", { command: "true" })], [say("went on")]] };
    // Less than the time before which it is renewed.
    const turn = makeTurn(`work\n${embedScenario(scenario)}`, randomUUID(), { run_token: grantToken(60) });
    await host.runner().startTurn(turn);
    await bench.model.reached(gate);
    const file = join(bench.runner.stateDir, "sessions", host.sessionId, "run-token");
    await expect.poll(() => readFileSync(file, "utf8"), { timeout: 10_000 }).toBe(fresh.token);
    bench.edge.accepts = (token) => token === fresh.token;
    bench.model.release(gate);
    const ended = await host.turnEnded(turn.turn_id);
    bench.edge.accepts = () => true;
    expect(ended).toMatchObject({ reason: "result", result: { is_error: false, text: "went on" } });
    expect(bench.edge.tokens.at(-1)).toBe(fresh.token);
  });

  it("is renewed across a cut: the object is woken for it", async () => {
    const fresh = grantToken();
    const host = await bench.openSession({ renewRunToken: async () => fresh });
    const gate = randomUUID();
    const scenario = { steps: [[hold(gate), say("done")]] };
    const turn = makeTurn(`work\n${embedScenario(scenario)}`, randomUUID(), { run_token: grantToken(60) });
    await host.runner().startTurn(turn);
    await bench.model.reached(gate);
    host.cut();
    const isWoken = () => bench.edge.wakes.some(({ body }) => body.session_id === host.sessionId);
    await expect.poll(isWoken, { timeout: 10_000 }).toBe(true);
    await host.connect();
    const file = join(bench.runner.stateDir, "sessions", host.sessionId, "run-token");
    await expect.poll(() => readFileSync(file, "utf8"), { timeout: 10_000 }).toBe(fresh.token);
    bench.model.release(gate);
    await host.turnEnded(turn.turn_id);
  });
});
