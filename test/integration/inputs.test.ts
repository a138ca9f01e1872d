import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { SubmitTurn } from "../../src/shared/rpc/session-api.ts";
import { uploadPrefix } from "../../src/shared/attachments/schema.ts";
import { judgeStructured } from "../../src/durable-objects/structured/structured-answer.ts";
import { EVERY_KEYWORD } from "../support/every-keyword.ts";
import { PNG } from "../support/files.ts";
import { inSession, newId, RESULT, type TestRunner, turnEnd, type TestWorld } from "./session-fixture.ts";

const events = (world: TestWorld) => world.session.events.page(0, { maxEvents: 1000, maxBytes: 1e9 });
const ofType = (world: TestWorld, type: string) => events(world).filter((event) => event.type === type);
const hex = (bytes: ArrayBuffer) =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");

async function storeUpload({ principal }: TestWorld) {
  const sha256 = hex(await crypto.subtle.digest("SHA-256", PNG));
  const upload = { upload_id: newId(), name: "a.png", media_type: "image/png", bytes: PNG.length, sha256 };
  const owner = { team_id: principal.team_id, owner_id: principal.user_id };
  await env.BUCKET.put(uploadPrefix(owner, upload.upload_id) + sha256, PNG);
  return upload;
}

async function begin(
  world: TestWorld,
  options: Record<string, unknown>,
): Promise<{ turnId: string; runner: TestRunner }> {
  const submitted = world.submit({ options: { timeout_seconds: 60, ...options } });
  if (!submitted.ok) throw new Error(submitted.error.message);
  await world.session.driver.drive();
  return { turnId: submitted.value.turn_id, runner: world.runner! };
}

describe("files that a prompt names", () => {
  it("go to the runner as names, whose bytes it reads while the turn is open [attachments.hand_over]", async () => {
    await inSession(async (world) => {
      const upload = await storeUpload(world);
      const attachments = [upload, { project_file: "a.md" }];
      const { turnId, runner } = await begin(world, { attachments });
      expect(runner.started[0]?.attachments).toEqual(attachments);
      const read = { runtime_id: runner.runtimeId, turn_id: turnId, upload_id: upload.upload_id, offset: 1, bytes: 3 };
      expect(Array.from((await runner.host!.readAttachment(read)).bytes ?? [])).toEqual(Array.from(PNG.slice(1, 4)));
      const refused = async (change: Partial<typeof read>) =>
        expect(Promise.resolve(runner.host!.readAttachment({ ...read, ...change }))).rejects.toThrow();
      await refused({ upload_id: newId() });
      await refused({ turn_id: newId() });
      await refused({ runtime_id: newId() });
      await refused({ bytes: 64 * 1024 * 1024 });
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" });
      expect(ofType(world, "turn_started")[0]?.data["attachments"]).toEqual([
        { upload_id: upload.upload_id, name: "a.png", media_type: "image/png", bytes: PNG.length },
        { project_file: "a.md" },
      ]);
      await runner.say(turnEnd(turnId));
      await refused({});
    });
  });

  it("are 20 MB over all prompts of a conversation, and of its forks, and no more [attachments.refused]", async () => {
    await inSession(async (world) => {
      const MB = 1024 * 1024;
      const like = { name: "a.txt", media_type: "text/plain", sha256: "a".repeat(64) };
      const upload = (bytes: number) => ({ ...like, upload_id: newId(), bytes });
      const four = Array.from({ length: 4 }, () => upload(5 * MB));
      const submit = (attachments: object[]) =>
        world.submit({ options: { timeout_seconds: 60, attachments } as SubmitTurn["options"] });
      const refusal = { ok: false, error: { code: "attachment_refused", message: /begin a new session/ } };
      refusal.error.message = expect.stringMatching(refusal.error.message) as RegExp;
      const { turnId, runner } = await begin(world, { attachments: four });
      expect(submit(four)).toMatchObject(refusal);
      expect(submit([upload(1)])).toMatchObject(refusal);
      expect(submit([{ project_file: "a" }])).toMatchObject(refusal);
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" });
      // The CLI was never given them.
      await runner.say(turnEnd(turnId, { reason: "interrupted", attached_bytes: 0 }));
      const next = await begin(world, { attachments: [{ project_file: "large" }] });
      expect(runner.started.at(-1)).toMatchObject({ attached_bytes: 0 });
      await runner.say({ kind: "turn_started", turn_id: next.turnId, origin: "prompt" });
      await runner.say(turnEnd(next.turnId, { attached_bytes: 15 * MB }));
      expect(submit([upload(5 * MB), upload(1)])).toMatchObject(refusal);
      expect(submit([])).toMatchObject({ ok: true });
      world.restart();
      await begin(world, { attachments: [upload(5 * MB)] });
      expect(submit([upload(1)])).toMatchObject(refusal);
      // A conversation that begins anew has none of the ended turns' files.
      const cli = { kind: "cli_started", pid: 1, claude_session_id: newId() } as const;
      await world.runner!.say({ ...cli, resumed: true });
      expect(submit([upload(1)])).toMatchObject(refusal);
      await world.runner!.say({ ...cli, resumed: false });
      expect(submit([upload(1)])).toMatchObject({ ok: true });
    });
  });

  it("are said to be gone once they are, and the turn fails with their name [attachments.refused]", async () => {
    await inSession(async (world) => {
      const upload = { ...(await storeUpload(world)), upload_id: newId() };
      const { turnId, runner } = await begin(world, { attachments: [upload] });
      const { runtimeId: runtime_id } = runner;
      const read = { runtime_id, turn_id: turnId, upload_id: upload.upload_id, offset: 0, bytes: 3 };
      expect(await runner.host!.readAttachment(read)).toEqual({ bytes: null });
      const attachment = { index: 0, problem: "upload_gone" } as const;
      await runner.say(turnEnd(turnId, { reason: "attachment_refused", result: null, attachment }));
      await world.settle();
      const [error] = ofType(world, "error_occurred");
      expect(error?.data).toMatchObject({
        code: "attachment_not_found",
        message: 'The attachment "a.png" has expired. Send it again with create_upload.',
      });
      expect(world.session.reader.view()).toMatchObject({ session: { status: "idle" }, turn: { status: "failed" } });
    });
  });

  it("go with no turn that Claude begins by itself, nor with a prompt that joined [attachments.hand_over]", async () => {
    await inSession(async (world) => {
      const upload = await storeUpload(world);
      const { turnId, runner } = await begin(world, { attachments: [upload] });
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" });
      runner.takesSteers = false;
      world.submit({ prompt: "join", if_busy: "steer" });
      await runner.say(turnEnd(turnId));
      const followUp = newId();
      await runner.say({ kind: "turn_started", turn_id: followUp, origin: "follow_up" }, turnEnd(followUp));
      await world.settle();
      await world.session.driver.drive();
      expect(runner.started.at(-1)).toMatchObject({ prompt: "join" });
      expect(runner.started.at(-1)?.attachments ?? []).toEqual([]);
      expect(ofType(world, "turn_started").map(({ data }) => "attachments" in data)).toEqual([true, false]);
    });
  });

  it("that the edge found wrong are told, unless the call is a repeat [attachments.repeat]", async () => {
    await inSession(async (world) => {
      const problem = { code: "attachment_not_found", message: "gone" } as const;
      expect(world.submit({ problem, idempotency_key: "k" })).toEqual({ ok: false, error: problem });
      expect(events(world)).toEqual([]);
      const first = world.submit({ idempotency_key: "k" });
      expect(world.submit({ problem, idempotency_key: "k" })).toEqual(first);
    });
  });

  it("are handed over once, also when the object comes back in between [attachments.hand_over]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await begin(world, { attachments: [await storeUpload(world)] });
      runner.cut();
      runner.runningTurnId = turnId;
      await world.settle();
      world.session.drive();
      await world.settle();
      expect(runner.started.map(({ turn_id }) => turn_id)).toEqual([turnId]);
    });
  });
});

const schema = { type: "object", properties: { answer: { type: "integer", minimum: 3 } }, required: ["answer"] };

describe("an answer that is held to a schema", () => {
  it("is passed on when it fits [structured.answer]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await begin(world, { output_schema: schema });
      expect(runner.started[0]?.output_schema).toEqual(schema);
      await runner.say(turnEnd(turnId, { result: { ...RESULT, structured: { answer: 3 } } }));
      expect(world.session.reader.view()).toMatchObject({
        turn: { status: "completed" },
        result: { structured: { answer: 3 } },
      });
    });
  });

  it.each([
    ["does not fit", { structured: { answer: 1 } }],
    ["is not there", {}],
    ["is too large", { structured_too_large: true }],
    ["never came", { subtype: "error_max_structured_output_retries", is_error: true }],
  ])("is not passed on when it %s, and the turn says so [structured.validated]", async (_name, result) => {
    await inSession(async (world) => {
      const { turnId, runner } = await begin(world, { output_schema: schema });
      await runner.say(turnEnd(turnId, { result: { ...RESULT, ...result } }));
      const { turn, result: shown } = world.session.reader.view();
      expect(turn).toMatchObject({
        status: "failed",
        reason: expect.stringMatching(/output_schema|structured answer/),
      });
      expect(shown).toMatchObject({ text: "done", cost_usd: 0.25 });
      expect(shown).not.toHaveProperty("structured");
      expect(ofType(world, "error_occurred")[0]?.data).toMatchObject({ code: "structured_output_missing" });
    });
  });

  it("is not passed on where nobody asked for it [structured.validated]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await begin(world, {});
      await runner.say(turnEnd(turnId, { result: { ...RESULT, structured: { any: 1 } } }));
      expect(world.session.reader.view().result).not.toHaveProperty("structured");
    });
  });

  it("is not missed in a turn that Claude begins by itself [structured.answer]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await begin(world, { output_schema: schema });
      await runner.say(turnEnd(turnId, { result: { ...RESULT, structured: { answer: 3 } } }));
      const followUp = newId();
      await runner.say({ kind: "turn_started", turn_id: followUp, origin: "follow_up" }, turnEnd(followUp));
      expect(world.session.reader.view().turn).toMatchObject({ origin: "follow_up", status: "completed" });
    });
  });

  it("is judged by every keyword that a schema may use [structured.validated]", () => {
    const judge = (structured: unknown) => judgeStructured(EVERY_KEYWORD, { ...RESULT, structured })?.kind;
    for (const valid of [
      { name: "Größe" },
      { name: "a", kind: "a", amount: null },
      { name: "a", more: { "x-b": "c" }, amount: 1.5, list: [1, 2] },
      { name: "a", tree: { below: { below: {} } }, some: [0, "x"] },
    ]) {
      expect(judge(valid), JSON.stringify(valid)).toBe("valid");
    }
    for (const wrong of [
      null,
      [],
      "text",
      {},
      { name: "" },
      { name: "a1" },
      { name: "a", kind: "b", amount: 1 },
      { name: "a", kind: "a" },
      { name: "a", amount: 0.3 },
      { name: "a", amount: -1 },
      { name: "a", list: [1, 1] },
      { name: "a", list: [] },
      { name: "a", list: ["x"] },
      { name: "a", list: [1], some: ["x"] },
      { name: "a", some: [0] },
      { name: "a", tree: { below: { below: 1 } } },
      { name: "a", none: 1 },
      { name: "a", more: { "x-b": 1 } },
      { name: "a", more: { y: "c" } },
      { name: "a", other: 1 },
      { name: "a", "this-is-too-long": "c" },
    ]) {
      expect(judge(wrong), JSON.stringify(wrong)).toBe("invalid");
    }
    expect(judgeStructured({ type: "object", $ref: "#/nowhere" }, { ...RESULT, structured: {} })?.kind).toBe("invalid");
  });

  it("does not fit when finding out would take too long [structured.validated]", () => {
    const costly = { type: "object", properties: { x: { type: "string", not: { pattern: "a*a*a*$" } } } };
    const judge = (x: string) => judgeStructured(costly, { ...RESULT, structured: { x } })?.kind;
    expect(judge(`${"a".repeat(60_000)}!`)).toBe("invalid");
    const deep = { type: "object", properties: { x: { $ref: "#/$defs/x" } }, $defs: { x: {} as object } };
    deep.$defs.x = { allOf: [{ items: { $ref: "#/$defs/x" } }, { items: { $ref: "#/$defs/x" } }] };
    const x = JSON.parse("[".repeat(40) + "]".repeat(40)) as unknown;
    expect(judgeStructured(deep, { ...RESULT, structured: { x } })?.kind).toBe("invalid");
  });
});

describe("lines with a prefix", () => {
  it("become events that name the message, once, however often it comes [structured.prefixes]", async () => {
    await inSession(async (world) => {
      const { turnId: turn_id, runner } = await begin(world, { structured_output_prefixes: ["::m "] });
      const message = (result: string, more = {}) =>
        runner.entry({ kind: "message", turn_id, message: { type: "result", is_error: false, result, ...more } });
      const entries = [
        runner.entry({ kind: "turn_started", turn_id, origin: "prompt" }),
        message('x\n::m {"a":1}\n::m b'),
      ];
      await runner.send(entries);
      await runner.send(entries);
      const seq = ofType(world, "message_received")[0]?.seq;
      expect(ofType(world, "structured_output")).toMatchObject([
        { turn_id, data: { message_seq: seq, prefix: "::m ", text: '{"a":1}', value: { a: 1 } } },
        { turn_id, data: { message_seq: seq, prefix: "::m ", text: "b" } },
      ]);
      expect(ofType(world, "structured_output")[1]?.data).not.toHaveProperty("value");
      await runner.send([message("::m error", { is_error: true })]);
      await runner.say({
        kind: "message",
        turn_id,
        message: { type: "assistant", message: { content: [{ type: "text", text: "::m c" }] } },
      });
      expect(ofType(world, "structured_output")).toHaveLength(2);
    });
  });

  it("of what Claude took up by itself are no prompt's, unless its turn ends with that [structured.prefixes]", async () => {
    await inSession(async (world) => {
      const lines = () => ofType(world, "structured_output").map(({ data }) => data["text"]);
      const say = async (turn_id: string, ...messages: [text: string, kind?: string][]) => {
        const runner = world.runner!;
        await runner.say({ kind: "turn_started", turn_id, origin: "prompt" });
        for (const [text, kind] of messages) {
          const message = { type: "result", is_error: false, result: text, ...(kind ? { origin: { kind } } : {}) };
          await runner.say({ kind: "message", turn_id, message });
        }
        await runner.say(turnEnd(turn_id));
      };
      const turn = async () => (await begin(world, { structured_output_prefixes: ["::m "] })).turnId;
      await say(await turn(), ["::m theirs", "task-notification"], ["::m own", "human"]);
      expect(lines()).toEqual(["own"]);
      await say(await turn(), ["::m folded", "task-notification"]);
      expect(lines()).toEqual(["own", "folded"]);
      const next = await turn();
      await say(next, ["::m last"]);
      expect(lines()).toEqual(["own", "folded", "last"]);
    });
  });

  it("are no events in a turn that did not ask [structured.prefixes]", async () => {
    await inSession(async (world) => {
      const { turnId: turn_id, runner } = await begin(world, {});
      await runner.say({ kind: "message", turn_id, message: { type: "result", is_error: false, result: "::m 1" } });
      expect(ofType(world, "structured_output")).toEqual([]);
    });
  });
});

describe("background tasks", () => {
  const task = {
    task_id: "b1",
    type: "local_bash",
    description: "wait",
    status: "running" as const,
    tool_use_id: null,
    started_at: "2026-01-01T00:00:00.000Z",
    ended_at: null,
    summary: null,
  };

  it("are asked of the sandbox, read and stopped; one that nobody knows is told so [tasks.list] [tasks.stop]", async () => {
    await inSession(async (world) => {
      const { tasks } = world.session;
      expect(await tasks.list()).toEqual({ tasks: [], checked: true });
      expect(await tasks.stop("b1")).toMatchObject({ error: { code: "task_not_found" } });
      const { runner } = await begin(world, {});
      runner.tasks = [task, { ...task, task_id: "b2", status: "completed" }];
      expect(await tasks.list()).toEqual({ tasks: runner.tasks, checked: true });
      expect(await tasks.stop("b9")).toMatchObject({ error: { code: "task_not_found" } });
      expect(await tasks.output("b9")).toMatchObject({ error: { code: "task_not_found" } });
      expect(await tasks.output("b1")).toMatchObject({ value: { output: "of b1" } });
      expect(await tasks.stop("b2")).toMatchObject({ value: { stopped: false, task: { status: "completed" } } });
      expect(runner.stopped).toEqual([]);
      expect(await tasks.stop("b1")).toMatchObject({ value: { stopped: true, task: { status: "stopped" } } });
      expect(runner.stopped).toEqual(["b1"]);
    });
  });

  it("are unknown, and not none, while the sandbox does not answer [tasks.list]", async () => {
    await inSession(async (world) => {
      await begin(world, {});
      world.session.connection.close();
      world.runner = null;
      expect(await world.session.tasks.list()).toEqual({ tasks: [], checked: false });
      expect(await world.session.tasks.stop("b1")).toMatchObject({ error: { code: "sandbox_unavailable" } });
      expect(await world.session.tasks.output("b1")).toMatchObject({ error: { code: "sandbox_unavailable" } });
    });
  });

  it("are watched: each beginning and end is an event that names its message [tasks.watch]", async () => {
    await inSession(async (world) => {
      const { turnId: turn_id, runner } = await begin(world, {});
      const system = (fields: Record<string, unknown>) =>
        ({ kind: "message", turn_id, message: { type: "system", task_id: "b1", ...fields } }) as const;
      await runner.say(
        system({ subtype: "task_started", description: "wait", task_type: "local_bash", is_backgrounded: true }),
        system({ subtype: "task_started", task_id: "f1", description: "short", is_backgrounded: false }),
        system({ subtype: "task_updated", patch: { status: "running" } }),
        system({ subtype: "task_notification", status: "failed", summary: "exit 1", output_file: "/x" }),
      );
      const seqs = ofType(world, "message_received").map(({ seq }) => seq);
      expect(ofType(world, "background_task_changed").map(({ data }) => data)).toEqual([
        { message_seq: seqs[0], task_id: "b1", status: "running", text: "wait" },
        { message_seq: seqs[3], task_id: "b1", status: "failed", text: "exit 1" },
      ]);
    });
  });
});
