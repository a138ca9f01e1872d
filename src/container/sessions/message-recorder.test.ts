import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { readCliMessage } from "../../../test/support/runner-host.ts";
import type { EntrySpool, NewEntry } from "../events/entry-spool.ts";
import type { Cli } from "./cli.ts";
import { createMessageRecorder } from "./message-recorder.ts";
import { createTurnTracker } from "./turn-tracker.ts";

const result = (more: object = {}) => ({ type: "result", subtype: "success", is_error: false, result: "ok", ...more });
const notice = { origin: { kind: "task-notification" } };
const cli = { interrupt: async () => {}, kill: () => {} } as unknown as Cli;

function openRecorder() {
  const entries: NewEntry[] = [];
  const spool = { record: (entry: NewEntry) => void entries.push(entry) } as unknown as EntrySpool;
  const turns = createTurnTracker(spool);
  const previewed: unknown[] = [];
  const previews = { send: (_turnId: string | null, message: unknown) => void previewed.push(message) };
  const recorder = createMessageRecorder({ spool, turns, tools: { take: () => null }, previews });
  const tell = (...messages: object[]) => messages.forEach((message) => recorder.onMessage(cli, message));
  const kinds = () =>
    entries.map((entry) => (entry.kind === "message" ? readCliMessage(entry.message).type : entry.kind));
  return { entries, turns, previewed, recorder, tell, kinds };
}

describe("messages of the CLI", () => {
  it("that end a follow-up do not end the prompt that was fed a moment before", () => {
    const { entries, turns, tell } = openRecorder();
    const turn = turns.begin(randomUUID(), { timeoutSeconds: 60, silenceSeconds: 600 });
    tell({ type: "assistant" }, result(notice));
    expect(turns.running()?.turnId).toBe(turn.turnId);
    tell({ type: "assistant" }, result());
    expect(turns.running()).toBeNull();
    expect(entries.filter(({ kind }) => kind === "turn_ended")).toHaveLength(1);
  });

  it("that say that the prompt is done end its turn, also when it was folded into a follow-up", () => {
    const { turns, tell, recorder } = openRecorder();
    const turn = turns.begin(randomUUID(), { timeoutSeconds: 60, silenceSeconds: 600 });
    const uuid = recorder.expectPrompt(randomUUID());
    turn.cli = cli;
    const lifecycle = (state: string) => ({ type: "command_lifecycle", command_uuid: uuid, state });
    tell(lifecycle("queued"));
    expect(turn.isTaken).toBe(false);
    tell(lifecycle("started"));
    expect(turn.isTaken).toBe(true);
    tell({ type: "assistant" }, result(notice));
    expect(turns.running()).not.toBeNull();
    tell(lifecycle("completed"));
    expect(turns.running()).toBeNull();
  });

  it("about the prompt before do not end the turn that has begun since", () => {
    const { turns, tell, recorder } = openRecorder();
    turns.begin(randomUUID(), { timeoutSeconds: 60, silenceSeconds: 600 });
    const uuid = recorder.expectPrompt(randomUUID());
    tell({ type: "command_lifecycle", command_uuid: uuid, state: "started" }, { type: "assistant" }, result());
    const next = turns.begin(randomUUID(), { timeoutSeconds: 60, silenceSeconds: 600 });
    tell({ type: "command_lifecycle", command_uuid: uuid, state: "completed" });
    expect(turns.running()?.turnId).toBe(next.turnId);
    turns.endWithExit({ started: true, exitCode: 0, signal: null, stderrTail: null });
  });

  it("that are deltas are shown and not recorded", () => {
    const { tell, kinds, previewed, turns } = openRecorder();
    turns.begin(randomUUID(), { timeoutSeconds: 60, silenceSeconds: 600 });
    tell({ type: "stream_event" }, { type: "tool_progress" }, { type: "system", subtype: "thinking_tokens" });
    expect(kinds()).toEqual(["turn_started"]);
    expect(previewed).toHaveLength(3);
    turns.endWithExit({ started: true, exitCode: 0, signal: null, stderrTail: null });
  });

  it("about background tasks begin no turn, and an init that came early goes into the one that follows", () => {
    const { entries, tell, kinds } = openRecorder();
    tell(
      { type: "system", subtype: "background_tasks_changed", tasks: [{}, {}] },
      { type: "system", subtype: "background_tasks_changed", tasks: [] },
      { type: "system", subtype: "init" },
      { type: "system", subtype: "status", status: "requesting" },
      { type: "assistant" },
      result(notice),
    );
    expect(kinds()).toEqual([
      "system",
      "background_tasks_changed",
      "system",
      "background_tasks_changed",
      "turn_started",
      "system",
      "system",
      "assistant",
      "result",
      "turn_ended",
    ]);
    const turnIds = entries.slice(4).map(({ turn_id }) => turn_id);
    expect(new Set(turnIds).size).toBe(1);
    expect(turnIds[0]).not.toBeNull();
  });

  it("of kinds that nobody knows yet are recorded as they are", () => {
    const { entries, tell, turns } = openRecorder();
    turns.begin(randomUUID(), { timeoutSeconds: 60, silenceSeconds: 600 });
    tell({ type: "something_new", value: { deep: 1 } });
    expect(entries.at(-1)).toMatchObject({ kind: "message", message: { type: "something_new", value: { deep: 1 } } });
    turns.endWithExit({ started: true, exitCode: 0, signal: null, stderrTail: null });
  });

  it("that are a result of a huge text keep the turn's end below the limit of a row", () => {
    const { entries, tell, turns } = openRecorder();
    turns.begin(randomUUID(), { timeoutSeconds: 60, silenceSeconds: 600 });
    tell(result({ result: "x".repeat(5_000_000) }));
    expect(JSON.stringify(entries.at(-1)).length).toBeLessThan(200_000);
    expect(entries.at(-1)?.kind).toBe("turn_ended");
  });
});
