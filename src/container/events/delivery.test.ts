// Entries on their way to the object: nothing is lost, repeated or out of order, whatever happens to the link.
import { createHash, randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { useRunnerBench } from "../../../test/support/runner-bench.ts";
import { makeTurn, readCliMessage } from "../../../test/support/runner-host.ts";
import { callTool, embedScenario, hold, say } from "../../../test/support/scripted-model/scenario.ts";
import { jsonBytes } from "../../shared/events/shorten.ts";
import { MAX_EVENT_ROW_BYTES } from "../../shared/limits.ts";

const bench = useRunnerBench();

const contiguous = (length: number) => Array.from({ length }, (_value, index) => index + 1);

describe("after a cut", () => {
  it("the object is woken, and gets what it does not hold, once and in order [runner.wake]", async () => {
    const host = await bench.openSession();
    const gate = randomUUID();
    const scenario = { steps: [[callTool("Bash", { command: "echo one" })], [hold(gate), say("two")]] };
    const turn = makeTurn(`work\n${embedScenario(scenario)}`, randomUUID());
    await host.runner().startTurn(turn);
    await bench.model.reached(gate);
    host.cut();
    bench.model.release(gate);
    const findWake = () => bench.edge.wakes.find(({ body }) => body.session_id === host.sessionId);
    await expect.poll(findWake).toBeDefined();
    expect(findWake()).toMatchObject({
      authorization: `Bearer ${bench.runner.bootToken}`,
      body: { workspace_id: bench.runner.workspaceId, runtime_id: expect.any(String) },
    });
    const before = host.entries.length;
    const hello = await host.connect();
    expect(hello.last_source_seq).toBeGreaterThan(before);
    expect(await host.turnEnded(turn.turn_id)).toMatchObject({ reason: "result", result: { text: "two" } });
    expect(host.entries.map(({ source_seq }) => source_seq)).toEqual(contiguous(host.entries.length));
    expect(host.ofKind("turn_ended")).toHaveLength(1);
  });

  it("entries whose acknowledgement was lost are sent again [runner.spool]", async () => {
    const host = await bench.openSession();
    const seen: number[] = [];
    host.behaviour.append = async (batch) => {
      seen.push(...batch.entries.map(({ source_seq }) => source_seq));
      host.cut();
      return { acknowledged_source_seq: 0 };
    };
    const turn = makeTurn("hello", randomUUID());
    await host
      .runner()
      .startTurn(turn)
      .catch(() => {});
    await expect.poll(() => seen.length).toBeGreaterThan(0);
    delete host.behaviour.append;
    await host.connect();
    await host.turnEnded(turn.turn_id);
    expect(seen[0]).toBe(1);
    expect(host.entries.map(({ source_seq }) => source_seq)).toEqual(contiguous(host.entries.length));
  });

  it("an object that throws is asked again on a new connection", async () => {
    const host = await bench.openSession();
    host.behaviour.append = () => Promise.reject(new Error("replaced"));
    const turn = makeTurn("hello", randomUUID());
    await host.runner().startTurn(turn);
    await expect.poll(() => host.socket()?.readyState).toBe(3);
    delete host.behaviour.append;
    await host.connect();
    expect(await host.turnEnded(turn.turn_id)).toMatchObject({ reason: "result" });
  });
});

describe("an object that knows another runtime", () => {
  it("gets everything from 1, whatever number it names [runner.spool]", async () => {
    const host = await bench.openSession();
    host.behaviour.append = () => Promise.reject(new Error("not now"));
    const turn = makeTurn("hello", randomUUID());
    await host.runner().startTurn(turn);
    await expect.poll(() => host.socket()?.readyState).toBe(3);
    delete host.behaviour.append;
    await host.connect({ acknowledged: { runtimeId: randomUUID(), sourceSeq: 1000 } });
    await host.turnEnded(turn.turn_id);
    expect(host.entries.map(({ source_seq }) => source_seq)).toEqual(contiguous(host.entries.length));
  });
});

describe("a follow-up while nobody is connected", () => {
  it("wakes the object, which finds the whole turn [runner.wake]", async () => {
    const host = await bench.openSession({ decidePermission: async () => ({ behavior: "allow" }) });
    const scenario = {
      steps: [[callTool("Bash", { command: "sleep 1", run_in_background: true })], [say("started")]],
      follow_up: [[say("the task has ended")]],
    };
    const turn = makeTurn(`background\n${embedScenario(scenario)}`, randomUUID());
    await host.runner().startTurn(turn);
    await host.turnEnded(turn.turn_id);
    host.cut();
    const isWoken = () => bench.edge.wakes.some(({ body }) => body.session_id === host.sessionId);
    await expect.poll(isWoken, { timeout: 10_000 }).toBe(true);
    await host.connect();
    const ended = () => host.ofKind("turn_ended").find(({ turn_id }) => turn_id !== turn.turn_id);
    expect(await host.until(ended, "the follow-up's end")).toMatchObject({ result: { text: "the task has ended" } });
  });
});

describe("a message of 10 MB", () => {
  it("is stored whole before the entry that names it, and the entry stays below the limit of a row [events.large_body]", async () => {
    const host = await bench.openSession();
    const size = 10 * 1024 * 1024;
    const scenario = { steps: [[say("0123456789abcdef", size / 16)]] };
    const turn = makeTurn(`a lot\n${embedScenario(scenario)}`, randomUUID());
    await host.runner().startTurn(turn);
    const ended = await host.turnEnded(turn.turn_id, 60_000);
    expect(ended.reason).toBe("result");
    const large = host.ofKind("message").filter(({ body }) => body !== undefined);
    expect(large.map(({ message }) => readCliMessage(message).type)).toEqual(["assistant", "result"]);
    const [assistant] = large;
    const body = host.bodies.get(assistant?.body?.sha256 ?? "");
    expect(body?.length).toBe(assistant?.body?.bytes);
    expect(createHash("sha256").update(body!).digest("hex")).toBe(assistant?.body?.sha256);
    expect(JSON.parse(body!.toString()).message.content[0].text).toHaveLength(size);
    for (const entry of host.entries) expect(jsonBytes(entry)).toBeLessThan(MAX_EVENT_ROW_BYTES);
    expect(host.entries.map(({ source_seq }) => source_seq)).toEqual(contiguous(host.entries.length));
  });

  it("that Claude Code reads from a file is stored whole as well", async () => {
    const host = await bench.openSession({ decidePermission: async () => ({ behavior: "allow" }) });
    const pdf = join(bench.runner.workspaceDir, "large.pdf");
    writeFileSync(pdf, makePdf(7 * 1024 * 1024));
    const scenario = { steps: [[callTool("Read", { file_path: pdf })], [say("read")]] };
    const turn = makeTurn(`read it\n${embedScenario(scenario)}`, randomUUID());
    await host.runner().startTurn(turn);
    await host.turnEnded(turn.turn_id, 60_000);
    const bodies = host.ofKind("message").flatMap(({ body }) => (body === undefined ? [] : [body.bytes]));
    expect(Math.max(0, ...bodies)).toBeGreaterThan(9 * 1024 * 1024);
  });
});

describe("a tool's input that is nested too deep to travel", () => {
  it("is stored whole and sent shortened, and the turn goes on [events.large_body]", async () => {
    const host = await bench.openSession({ decidePermission: async () => ({ behavior: "allow" }) });
    const nested: unknown = JSON.parse(`${'{"a":'.repeat(400)}1${"}".repeat(400)}`);
    const scenario = { steps: [[callTool("Read", { file_path: "x", nested })], [say("went on")]] };
    const turn = makeTurn(`deep\n${embedScenario(scenario)}`, randomUUID());
    await host.runner().startTurn(turn);
    expect(await host.turnEnded(turn.turn_id, 20_000)).toMatchObject({ result: { text: "went on" } });
    const [body] = host.ofKind("message").flatMap((entry) => entry.body ?? []);
    expect(host.bodies.get(body?.sha256 ?? "")?.toString()).toContain('{"a":'.repeat(400));
  });
});

describe("previews", () => {
  const scenario = { steps: [[{ type: "pace" as const, delay_ms: 2 }, say("word ", 100)]] };

  it("come while somebody watches, and are never numbered [runner.previews]", async () => {
    const host = await bench.openSession({}, { previews: true });
    const turn = makeTurn(`tell\n${embedScenario(scenario)}`, randomUUID());
    await host.runner().startTurn(turn);
    await host.turnEnded(turn.turn_id);
    const types = host.previews.map(({ message }) => readCliMessage(message).type);
    expect(types.filter((type) => type === "stream_event").length).toBeGreaterThan(10);
    expect(host.messages().filter(({ type }) => type === "stream_event")).toEqual([]);
    expect(host.previews[0]?.turn_id).toBe(turn.turn_id);
  });

  it("stay away while nobody does, and begin when somebody comes [runner.previews]", async () => {
    const host = await bench.openSession();
    const first = makeTurn(`tell\n${embedScenario(scenario)}`, randomUUID());
    await host.runner().startTurn(first);
    await host.turnEnded(first.turn_id);
    expect(host.previews).toEqual([]);
    await host.runner().setPreviews({ previews: true });
    const second = makeTurn(`tell\n${embedScenario(scenario)}`, first.claude_session_id);
    await host.runner().startTurn(second);
    await host.turnEnded(second.turn_id);
    expect(host.previews.length).toBeGreaterThan(10);
  });
});

/** One empty page, and a stream of noise that nothing shows. */
function makePdf(bytes: number): Buffer {
  const noise = Buffer.alloc(bytes, "0123456789abcdef");
  const objects = [
    "1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n",
    "2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n",
    "3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>\nendobj\n",
    `4 0 obj\n<< /Length ${bytes} >>\nstream\n${noise.toString("latin1")}\nendstream\nendobj\n`,
  ];
  let text = "%PDF-1.4\n";
  const offsets = objects.map((object) => {
    const offset = text.length;
    text += object;
    return String(offset).padStart(10, "0");
  });
  const table = offsets.map((offset) => `${offset} 00000 n \n`).join("");
  text += `xref\n0 5\n0000000000 65535 f \n${table}trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n${text.length}\n%%EOF\n`;
  return Buffer.from(text, "latin1");
}
