// An idle session over the whole stack: seen while it works, asleep piece by piece, and awake again with its conversation.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hold, say, think } from "../support/scripted-model/scenario.ts";
import { startStack, type Stack } from "../support/stack.ts";
import { connect, prompt, start, timesInConversation, waitForEnd } from "../journeys/person.ts";

type Team = { session_id: string; pid: number | null; rss_bytes: number; runtime_id: string | null }[];
type Processes = { processes: { pid: number; kind: string }[]; runtime_id: string | null; checked: boolean };

describe("a session that nobody needs", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ sandbox: "process", env: { CLI_IDLE_MINUTES: "0.05", SANDBOX_IDLE_MINUTES: "0.1" } });
  });
  afterAll(() => stack?.stop());

  it("is in the team's list with its process while it works; then CLI and sandbox go, and the next prompt goes on [processes.team] [sleeping.cli] [sleeping.sandbox] [transcripts.restore]", async () => {
    const client = await connect(stack);
    const mark = "the word is walnut";
    const gate = "while it works";
    const scenario = { steps: [[think("hm"), hold(gate), say("kept")]] };
    const started = await start(client, { prompt: prompt(mark, scenario) });
    await stack.model.reached(gate);
    const list = async () => (await client.callToolOrThrow("list_active_sessions", { whose: "team" }))["team"] as Team;
    const ours = async () => (await list()).find(({ session_id }) => session_id === started.session_id);
    await expect.poll(async () => (await ours())?.pid ?? null, { timeout: 20_000 }).not.toBeNull();
    const ask = async () =>
      (await client.callToolOrThrow("get_session_processes", {
        session_id: started.session_id,
      })) as unknown as Processes;
    const row = await ours();
    const live = await ask();
    expect(live.processes.find(({ kind }) => kind === "claude")?.pid).toBe(row?.pid);
    expect(row).toMatchObject({ runtime_id: live.runtime_id });
    expect(row?.rss_bytes).toBeGreaterThan(10_000_000);
    stack.model.release(gate);
    await waitForEnd(client, started);
    expect(await ours()).toBeUndefined();

    // Each look keeps the sandbox awake for another while.
    await sleep(20_000);
    expect(await ask()).toMatchObject({ processes: [], runtime_id: null, checked: true });
    const next = await start(client, {
      session_id: started.session_id,
      prompt: prompt("And now?", { steps: [[say("walnut")]] }),
    });
    expect((await waitForEnd(client, next)).result?.text).toBe("walnut");
    expect(timesInConversation(stack, mark, "And now?")).toBe(1);
    await client.close();
  });
});
