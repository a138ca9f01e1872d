import { describe, expect, it } from "vitest";
import { MAX_EVENT_ROW_BYTES } from "../../src/shared/limits.ts";
import { pinnedAgent } from "../support/pinned-agent.ts";
import { inSession, newId, RESULT, TestRunner, turnEnd, type TestWorld } from "./session-fixture.ts";

const events = (world: TestWorld) => world.session.events.page(0, { maxEvents: 1000, maxBytes: 1e9 });
const types = (world: TestWorld) => events(world).map((event) => event.type);
const text = (value: string) => ({
  kind: "message" as const,
  message: { type: "assistant", message: { content: [{ type: "text", text: value }] } },
});

describe("a session's turn", () => {
  it("goes from the prompt to its result, with every event numbered 1 to n [session.turn.lifecycle]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin("write a file");
      expect(runner.started).toMatchObject([
        { turn_id: turnId, prompt: "write a file", permission_mode: "acceptEdits" },
      ]);
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" }, { ...text("hi"), turn_id: turnId });
      expect(world.session.reader.view().session.status).toBe("running");
      await runner.say(turnEnd(turnId));
      await world.settle();

      const view = world.session.reader.view();
      expect(view.session).toMatchObject({ status: "idle", turns: 1, cost_usd: 0.25 });
      expect(view.turn).toMatchObject({ status: "completed", turn_id: turnId });
      expect(view.result).toMatchObject({ text: "done", cost_usd: 0.25, is_error: false });
      expect(types(world)).toEqual([
        "session_status_changed",
        "turn_started",
        "session_status_changed",
        "message_received",
        "usage_recorded",
        "turn_completed",
        "session_status_changed",
      ]);
      expect(events(world).map((event) => event.seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
      expect(world.released).toEqual([turnId]);
    });
  });

  it("counts a turn's own cost although the CLI's total runs on [session.cost.difference]", async () => {
    await inSession(async (world) => {
      for (const total_cost_usd of [0.25, 0.4]) {
        const { turnId, runner } = await world.begin();
        await runner.say(turnEnd(turnId, { result: { ...RESULT, total_cost_usd } }));
        await world.settle();
      }
      const { session, result } = world.session.reader.view();
      expect(result?.cost_usd).toBeCloseTo(0.15, 10);
      expect(session.cost_usd).toBeCloseTo(0.4, 10);
    });
  });

  it("counts from nothing again when a conversation begins anew [session.cost.difference]", async () => {
    await inSession(async (world) => {
      for (const resumed of [true, false]) {
        const { turnId, runner } = await world.begin();
        const started = { kind: "cli_started", pid: 1, claude_session_id: newId(), resumed } as const;
        await runner.say(started, turnEnd(turnId));
        await world.settle();
      }
      expect(world.session.reader.view().session.cost_usd).toBeCloseTo(0.5, 10);
    });
  });

  it("fails with a clear message when the CLI goes away, and the session takes the next prompt [session.cli_killed]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      const end = { reason: "cli_exited", result: null, signal: "SIGKILL", stderr_tail: "last words" } as const;
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" }, turnEnd(turnId, end));
      await world.settle();
      expect(world.session.reader.view().turn).toMatchObject({ status: "failed" });
      const error = events(world).find((event) => event.type === "error_occurred");
      expect(error?.data).toEqual({
        code: "cli_exited",
        message: "Claude Code ended by signal SIGKILL before the turn had a result. The session takes the next prompt.",
        stderr_tail: "last words",
      });
      const next = await world.begin("again");
      expect(next.runner.started.at(-1)).toMatchObject({ turn_id: next.turnId, prompt: "again" });
    });
  });

  it("fails clearly when the sandbox does not start [bad_input.sandbox_start]", async () => {
    await inSession(async (world) => {
      world.startFails = true;
      await world.begin();
      const { turn, session } = world.session.reader.view();
      expect(turn).toMatchObject({ status: "failed", reason: "It did not start." });
      expect(session.status).toBe("idle");
    });
  });

  it("waits for the lease, says for whom, and begins when it is granted [session.lease.order]", async () => {
    await inSession(async (world) => {
      const other = newId();
      world.leaseHeldBy = other;
      const { turnId, runner } = await world.begin();
      expect(runner.started).toEqual([]);
      expect(world.session.reader.view().session).toMatchObject({
        status: "queued",
        status_reason: `waits for session ${other} in this project, place 1`,
      });
      world.leaseHeldBy = null;
      await world.session.driver.drive();
      expect(runner.started).toMatchObject([{ turn_id: turnId }]);
    });
  });

  it("takes a follow-up as a turn of its own [session.follow_up]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      await runner.say({ kind: "background_tasks_changed", running: 1 }, turnEnd(turnId));
      await world.settle();
      expect(world.session.reader.view().session.status).toBe("running");
      const followUp = newId();
      await runner.say({ kind: "turn_started", turn_id: followUp, origin: "follow_up" }, turnEnd(followUp), {
        kind: "background_tasks_changed",
        running: 0,
      });
      await world.settle();
      expect(world.session.reader.view()).toMatchObject({
        session: { status: "idle", turns: 2 },
        turn: { turn_id: followUp, origin: "follow_up", status: "completed" },
      });
    });
  });
});

describe("what the runner sends", () => {
  it("is stored once, however often it comes [events.no_repeat]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      const entries = [
        runner.entry({ ...text("a"), turn_id: turnId }),
        runner.entry({ ...text("b"), turn_id: turnId }),
      ];
      expect(await runner.send(entries)).toEqual({ acknowledged_source_seq: 2 });
      expect(await runner.send(entries)).toEqual({ acknowledged_source_seq: 2 });
      expect(types(world).filter((type) => type === "message_received")).toHaveLength(2);
    });
  });

  it("is refused as a whole when one before it is missing, and nothing of it is stored [events.no_gap]", async () => {
    await inSession(async (world) => {
      const { runner } = await world.begin();
      const before = events(world).length;
      const [, second, third] = [runner.entry(text("1")), runner.entry(text("2")), runner.entry(text("3"))];
      await expect(runner.send([second!, third!])).rejects.toThrow("entry 1 is missing");
      expect(events(world)).toHaveLength(before);
    });
  });

  it("is refused when it comes from a runtime that was replaced, also with numbers not seen yet [events.fenced]", async () => {
    await inSession(async (world) => {
      const { runner: old } = await world.begin();
      world.runner = new TestRunner();
      world.session.driver.loseRuntime();
      await world.begin("next");
      await expect(old.say(text("late"))).rejects.toThrow();
      const first = await world.runner.say(text("fresh"));
      expect(first).toEqual({ acknowledged_source_seq: 1 });
    });
  });

  it("keeps every row under its limit, whatever its size [events.row_limit]", async () => {
    await inSession(async (world) => {
      const { runner } = await world.begin();
      await runner.say(text("x".repeat(3_000_000)), {
        kind: "message",
        message: { type: "user", lines: Array.from({ length: 60_000 }, (_, index) => `line ${index}`) },
      });
      const rows = [...world.session.storage.sql.exec("SELECT length(CAST(data AS BLOB)) AS n FROM events")];
      expect(Math.max(...rows.map((row) => Number(row["n"])))).toBeLessThanOrEqual(MAX_EVENT_ROW_BYTES);
      expect(rows.length).toBeGreaterThan(2);
    });
  });

  it("brings a large body to R2 under its hash, in parts, and refuses one that lies about it [events.large_body]", async () => {
    await inSession(async (world) => {
      const { runner } = await world.begin();
      const body = Uint8Array.from(new TextEncoder().encode(JSON.stringify({ pages: "p".repeat(300_000) })));
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
      const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
      const part = (offset: number, bytes: Uint8Array<ArrayBuffer>, hash = sha256) =>
        runner.host!.putBodyPart({
          runtime_id: runner.runtimeId,
          sha256: hash,
          total_bytes: body.length,
          offset,
          bytes,
        });
      expect(await part(0, body.slice(0, 100_000))).toEqual({ stored: false });
      expect(await part(100_000, body.slice(100_000))).toEqual({ stored: true });
      await runner.say({ kind: "message", message: { shortened: true }, body: { sha256, bytes: body.length } });
      expect(events(world).at(-1)?.body).toEqual({ sha256, bytes: body.length });
      await expect(part(0, body, "0".repeat(64))).rejects.toThrow();
    });
  });

  it("derives tool calls from messages, which name the message by its number [events.tool_calls]", async () => {
    await inSession(async (world) => {
      const { runner } = await world.begin();
      const content = [{ type: "tool_use", id: "toolu_1", name: "Write", input: {} }];
      const results = [{ type: "tool_result", tool_use_id: "toolu_1", is_error: true, content: "no" }];
      await runner.say(
        { kind: "message", message: { type: "assistant", message: { content } } },
        { kind: "message", message: { type: "user", message: { content: results } } },
      );
      const [started, completed] = events(world).filter((event) => event.type.startsWith("tool_call"));
      expect(started).toMatchObject({
        type: "tool_call_started",
        data: { tool_name: "Write", tool_use_id: "toolu_1" },
      });
      expect(started?.data["message_seq"]).toBe((started?.seq ?? 0) - 1);
      expect(completed).toMatchObject({ type: "tool_call_completed", data: { is_error: true } });
    });
  });
});

describe("a wait for the model's API", () => {
  it("is an event of its own while it lasts, which names its message [session.model_retry]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" });
      const retry = { type: "system", subtype: "api_retry", attempt: 1, max_retries: 10, retry_delay_ms: 1000 };
      await runner.say({ kind: "message", turn_id: turnId, message: { ...retry, error_status: 529 } });
      const [message, told] = events(world).slice(-2);
      expect(message?.type).toBe("message_received");
      expect(told).toMatchObject({
        type: "model_retried",
        turn_id: turnId,
        data: { message_seq: message?.seq, http_status: 529, message: expect.stringContaining("tries again in 1 s") },
      });
      expect(world.session.sessions.get().status).toBe("running");
    });
  });
});

describe("a link that breaks", () => {
  it("is dialled again, and says up to where the log holds [recovery.reattach]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" }, { ...text("a"), turn_id: turnId });
      runner.cut();
      await expect.poll(() => runner.hellos.length, { timeout: 5000 }).toBe(2);
      expect(runner.hellos[1]).toMatchObject({ acknowledged_source_seq: 2, acknowledged_runtime_id: runner.runtimeId });
      expect(runner.started).toHaveLength(1);
      await runner.say(turnEnd(turnId));
      expect(world.session.reader.view().turn).toMatchObject({ status: "completed" });
    });
  });

  it("ends the turn as interrupted when the runtime is gone, once, and the next prompt works [recovery.lost]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" });
      world.runner = null;
      runner.cut();
      await expect.poll(() => world.session.turns.get(turnId)?.status, { timeout: 5000 }).toBe("interrupted");
      const ends = events(world).filter((event) => event.type === "turn_completed");
      expect(ends).toHaveLength(1);
      expect(events(world).find((event) => event.type === "error_occurred")?.data["code"]).toBe("runtime_replaced");
      const next = await world.begin("go on");
      expect(next.runner.started).toMatchObject([{ turn_id: next.turnId }]);
    });
  });

  it("leaves the turn open while nothing is known about the runtime [recovery.unknown]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" });
      world.lookup = "unreachable";
      runner.cut();
      await expect.poll(() => world.session.connection.current()).toBeNull();
      await world.session.driver.drive();
      expect(world.session.turns.get(turnId)?.status).toBe("running");
      world.lookup = null;
      await world.session.driver.drive();
      await runner.say(turnEnd(turnId));
      expect(world.session.turns.get(turnId)?.status).toBe("completed");
    });
  });

  it("is ended before its turn is given up, and keeps the turn when it cannot be ended [recovery.lost] [recovery.unknown]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" });
      world.lookup = "unreachable";
      runner.cut();
      await expect.poll(() => world.session.connection.current()).toBeNull();
      await world.session.driver.drive();
      expect(world.fenced).toEqual([]);
      world.aheadMs = 61_000;
      world.fences = false;
      await world.session.driver.drive();
      expect(world.fenced).toEqual([runner.runtimeId]);
      expect(world.session.turns.get(turnId)?.status).toBe("running");
      world.fences = true;
      await world.session.driver.drive();
      expect(world.runner).toBeNull();
      expect(world.session.turns.get(turnId)?.status).toBe("interrupted");
    });
  });
});

describe("a call that hangs", () => {
  it("to the runner holds up the drive for some seconds alone [session.interrupt]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      runner.answersInterrupts = false;
      world.session.turns.requestInterrupt(turnId);
      await expect(world.session.driver.drive()).rejects.toThrow("no answer within");
      runner.answersInterrupts = true;
      await world.session.driver.drive();
      expect(runner.interrupted).toHaveLength(2);
    });
  });

  it("to the Workspace object holds up the drive for some seconds alone [session.lease.order]", async () => {
    await inSession(async (world) => {
      world.onLeaseAsked = () => new Promise(() => {});
      world.submit();
      await expect(world.session.driver.drive()).rejects.toThrow("no answer within");
      world.onLeaseAsked = () => {};
      await world.session.driver.drive();
      expect(world.runner?.started).toHaveLength(1);
    });
  });
});

describe("prompts", () => {
  it("get the first answer again under the same idempotency key, and a refusal under another prompt [session.idempotency]", async () => {
    await inSession(async (world) => {
      const first = world.submit({ idempotency_key: "k", prompt: "one" });
      expect(world.submit({ idempotency_key: "k", prompt: "one" })).toMatchObject({
        value: { turn_id: first.ok ? first.value.turn_id : "" },
      });
      expect(world.submit({ idempotency_key: "k", prompt: "two" })).toMatchObject({
        error: { code: "idempotency_conflict" },
      });
      expect(world.session.turns.count()).toBe(1);
    });
  });

  it("that began an execution get its agent again, and a refusal under another agent [session.idempotency]", async () => {
    await inSession(async (world) => {
      const begun = pinnedAgent({ default_task: "count" });
      world.session.agent.pin(begun, true);
      const asked = { must_exist: false, idempotency_key: "k", prompt: "count" };
      const first = world.submit({ ...asked, agent: begun });
      const told = { agent: { agent_id: begun.agent.agent_id, name: "counter", version: 1 } };
      expect(first).toMatchObject({ value: told });
      // By the time of the repeat the agent is another version, and says something else by default.
      const newer = { name: "counter", version: 2, agent: { ...begun.agent, default_task: "count again" } };
      expect(world.submit({ ...asked, agent: newer, prompt: "count again" })).toEqual(first);
      const conflict = { error: { code: "idempotency_conflict" } };
      expect(world.submit({ ...asked, agent: newer, prompt: "something else" })).toMatchObject(conflict);
      const other = pinnedAgent({ default_task: "count" });
      expect(world.submit({ ...asked, agent: other })).toMatchObject(conflict);
      expect(world.submit({ ...asked, agent: other, idempotency_key: "other" })).toMatchObject(conflict);
      expect(world.submit(asked)).toMatchObject(conflict);
      // Who names the session goes on with it as whoever it is.
      const later = { must_exist: true, idempotency_key: "later", prompt: "on" };
      const followed = world.submit(later);
      expect(followed).toMatchObject({ value: told });
      expect(world.submit(later)).toEqual(followed);
      expect(world.session.turns.count()).toBe(2);
    });
  });

  it("of an agent's session each have its default budget, unless they bring their own [agents.budget]", async () => {
    await inSession(async (world) => {
      const agent = pinnedAgent({ default_budget_usd: 2 });
      world.session.agent.pin(agent, true);
      world.submit({ agent });
      const here = { must_exist: true };
      world.submit({ ...here, prompt: "go on" });
      world.submit({ ...here, prompt: "spend", options: { timeout_seconds: 60, max_budget_usd: 5 } });
      world.submit({ ...here, prompt: "go on again" });
      const budgets = world.session.turns.queued().map(({ options }) => options.max_budget_usd);
      expect(budgets).toEqual([2, 2, 5, 2]);
    });
  });

  it("are refused once the session has ended; what ran and waited is interrupted [session.end]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      const waiting = world.submit({ prompt: "later" });
      await world.session.ender.end("ended on request");
      expect(runner.ended).toBe(true);
      expect(world.session.turns.get(turnId)?.status).toBe("interrupted");
      expect(world.session.turns.get(waiting.ok ? waiting.value.turn_id : "")?.status).toBe("interrupted");
      const { session } = world.session.reader.view();
      expect(session).toMatchObject({ status: "ended", status_reason: "ended on request" });
      const ends = events(world).filter((event) => event.data["status"] === "ended");
      expect(ends).toHaveLength(1);
      expect(world.submit()).toMatchObject({ error: { code: "session_ended" } });
      const question = { team_id: world.principal.team_id, runtime_id: runner.runtimeId, model: "claude-x" };
      expect(await world.session.models.begin(question)).toMatchObject({ error: { code: "run_token_refused" } });
    });
  });

  it("that wait are cancelled by an interrupt, and one that runs is told to stop [session.interrupt]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      await world.session.ender.interrupt();
      expect(runner.interrupted).toEqual([turnId]);
      await runner.say(turnEnd(turnId, { reason: "interrupted", result: null }));
      expect(world.session.turns.get(turnId)?.status).toBe("interrupted");
      expect(world.session.reader.view().session.status).toBe("idle");
    });
  });
});

describe("waiting", () => {
  it("comes back with the next event, and with the turn's end when that was asked [session.wait]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" });
      const base = { principal: world.principal, wait_ms: 5000, turn_id: turnId };
      const cursor = world.session.events.cursor();
      const next = world.session.reader.wait({ ...base, after_cursor: cursor, return_on: "event" });
      const end = world.session.reader.wait({ ...base, after_cursor: cursor, return_on: "turn" });
      await runner.say({ ...text("a"), turn_id: turnId });
      expect((await next).events).toMatchObject([{ seq: cursor + 1, type: "message_received" }]);
      await runner.say(turnEnd(turnId));
      expect(await end).toMatchObject({ settled: true, turn: { status: "completed" }, result: { text: "done" } });
    });
  });

  it("gives up when its time is over and says so [session.wait]", async () => {
    await inSession(async (world) => {
      await world.begin();
      const cursor = world.session.events.cursor();
      const request = { principal: world.principal, after_cursor: cursor, wait_ms: 20, turn_id: null };
      expect(await world.session.reader.wait({ ...request, return_on: "turn" })).toMatchObject({
        settled: false,
        events: [],
        next_cursor: cursor,
      });
    });
  });
});

const NO_TIMING = { model: null, started_at_ms: 0, answered_at_ms: null, ended_at_ms: 0, status: null };

describe("model requests", () => {
  it("pass for the current runtime, an allowed model and at most eight at once [gateway.admission]", async () => {
    await inSession(async (world) => {
      const { runner } = await world.begin();
      const row = world.session.sessions.get();
      const question = { team_id: row.team_id, runtime_id: runner.runtimeId, model: "claude-sonnet-5" };
      const admitted = await Promise.all(Array.from({ length: 8 }, () => world.session.models.begin(question)));
      expect(admitted.every((one) => one.ok)).toBe(true);
      expect(await world.session.models.begin(question)).toMatchObject({
        error: { code: "too_many_model_requests" },
      });
      const [first] = admitted;
      if (first?.ok) world.session.models.finish(first.value.request_id, null, NO_TIMING);
      expect((await world.session.models.begin(question)).ok).toBe(true);
      const refused = (wish: Partial<typeof question>) => world.session.models.begin({ ...question, ...wish });
      expect(await refused({ model: "gpt-9" })).toMatchObject({ error: { code: "model_not_allowed" } });
      expect(await refused({ runtime_id: newId() })).toMatchObject({ error: { code: "run_token_refused" } });
      expect(await refused({ team_id: newId() })).toMatchObject({ error: { code: "run_token_refused" } });
    });
  });
});
