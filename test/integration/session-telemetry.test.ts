// What a session measures while it works, on its way to the Team object: one trace a turn, and points of metrics.
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/durable-objects/config.ts";
import { apiUsageSchema } from "../../src/shared/accounting/token-usage.ts";
import { inSession, newId, type TestWorld, turnEnd } from "./session-fixture.ts";

describe("what a session measures", () => {
  const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  const measuring = { config: { ...readConfig(env), telemetry: { ...readConfig(env).telemetry, isOn: true } } };
  const spansOf = ({ measured }: TestWorld) => measured.flatMap(({ spans }) => spans);
  const pointsOf = ({ measured }: TestWorld, name: string) =>
    measured.flatMap(({ points }) => points).filter((one) => one.name === name);
  const usage = apiUsageSchema.parse({ input_tokens: 100, output_tokens: 20 });
  const answered = { message_id: "msg_1", model: "claude-sonnet-5-20260101", usage, estimated: false };
  const timing = {
    model: "claude-sonnet-5",
    started_at_ms: 1000,
    answered_at_ms: 1400,
    ended_at_ms: 3000,
    status: 200,
  };
  const toolUse = {
    type: "assistant",
    message: { content: [{ type: "tool_use", id: "toolu_1", name: "Bash", input: {} }] },
  };
  const toolResult = { type: "user", message: { content: [{ type: "tool_result", tool_use_id: "toolu_1" }] } };

  /** An answer to a request of its own. */
  async function ask({ session, runner }: TestWorld, asked: string, wish: Partial<typeof answered>) {
    const question = { team_id: session.sessions.get().team_id, runtime_id: runner!.runtimeId, model: asked };
    const begun = await session.models.begin(question);
    if (!begun.ok) throw new Error(begun.error.message);
    session.models.finish(
      begun.value.request_id,
      { ...answered, message_id: newId(), ...wish },
      { ...timing, model: asked },
    );
  }

  async function workThrough(world: TestWorld, traceparent?: string): Promise<string> {
    const submitted = world.submit({ prompt: "do it", ...(traceparent === undefined ? {} : { traceparent }) });
    if (!submitted.ok) throw new Error(submitted.error.message);
    await world.session.driver.drive();
    const { turn_id } = submitted.value;
    const runner = world.runner!;
    const message = { kind: "message", turn_id, body: undefined } as const;
    await runner.say({ kind: "turn_started", turn_id, origin: "prompt" }, { ...message, message: toolUse });
    await runner.say({ ...message, message: toolResult, tool_durations: { toolu_1: 250 } });
    const row = world.session.sessions.get();
    const question = { team_id: row.team_id, runtime_id: runner.runtimeId, model: "claude-sonnet-5" };
    const begun = [await world.session.models.begin(question), await world.session.models.begin(question)];
    for (const one of begun) if (one.ok) world.session.models.finish(one.value.request_id, answered, timing);
    await runner.say(turnEnd(turn_id));
    await world.settle();
    return turn_id;
  }

  it("is one trace below the client's, and each answer's tokens once [telemetry.traces] [telemetry.metrics]", async () => {
    await inSession(async (world) => {
      await workThrough(world, `00-${TRACE}-00f067aa0ba902b7-01`);
      const spans = spansOf(world);
      const byName = (name: string) => spans.filter((one) => one.name.startsWith(name));
      const [session, turn] = [byName("session")[0]!, byName("invoke_agent")[0]!];
      expect(new Set(spans.map(({ trace_id }) => trace_id))).toEqual(new Set([TRACE]));
      expect([session.parent_span_id, turn.parent_span_id]).toEqual(["00f067aa0ba902b7", session.span_id]);
      expect(byName("execute_tool Bash")).toMatchObject([{ parent_span_id: turn.span_id, is_error: false }]);
      expect(byName("chat claude-sonnet-5")).toMatchObject([
        {
          parent_span_id: turn.span_id,
          start_ms: 1000,
          end_ms: 3000,
          attributes: { "gen_ai.usage.output_tokens": 20 },
        },
        { parent_span_id: turn.span_id },
      ]);
      expect(pointsOf(world, "claude_code.tool.latency")).toMatchObject([
        { value: 250, attributes: { "gen_ai.tool.name": "Bash", outcome: "ok" } },
      ]);
      expect(pointsOf(world, "claude_code.tokens.total").map(({ value }) => value)).toEqual([100, 20]);
      expect(pointsOf(world, "claude_code.cost.total")).toHaveLength(1);
      expect(pointsOf(world, "claude_code.gateway.latency").map(({ value }) => value)).toEqual([400, 400]);
      expect(pointsOf(world, "claude_code.turn.duration")).toMatchObject([{ attributes: { status: "completed" } }]);
      const { session_id } = world.session.sessions.get();
      expect(JSON.stringify(world.measured.map(({ points }) => points))).not.toContain(session_id);
      expect(JSON.stringify(world.measured)).not.toContain("do it");
    }, measuring);
  });

  it("has points and no spans where the client's trace is not sampled, and a trace of its own without one [telemetry.traces]", async () => {
    await inSession(async (world) => {
      await workThrough(world, `00-${TRACE}-00f067aa0ba902b7-00`);
      expect(spansOf(world)).toEqual([]);
      expect(pointsOf(world, "claude_code.turn.duration")).toHaveLength(1);
      const turnId = await workThrough(world, "nonsense");
      expect(spansOf(world)[0]?.trace_id).toBe(turnId.replaceAll("-", ""));
    }, measuring);
  });

  it("holds nothing up, and says what it dropped, while the team's object is away [telemetry.outage]", async () => {
    await inSession(async (world) => {
      const turnId = await workThrough(world);
      world.measured.length = 0;
      world.down = "objects";
      world.session.telemetry.sessionCreated();
      await world.settle();
      expect(world.measured).toEqual([]);
      expect(world.session.turns.get(turnId)?.status).toBe("completed");
      world.down = null;
      world.session.telemetry.sessionCreated();
      await world.settle();
      expect(world.measured).toMatchObject([{ dropped: 1, points: [{ value: 1 }] }]);
    }, measuring);
  });

  it("is nothing where nobody would see it [telemetry.off]", async () => {
    await inSession(async (world) => {
      await workThrough(world);
      expect(world.measured).toEqual([]);
    });
  });

  it("names models that have a price, and no text of anybody's [telemetry.labels]", async () => {
    await inSession(async (world) => {
      const turnId = await workThrough(world);
      world.measured.length = 0;
      await ask(world, "claude-opus-5-20260101", { model: "claude-opus-5" });
      await ask(world, `claude-secret-plan-${turnId}`, { model: "whatever it answers" });
      await world.settle();
      const models = pointsOf(world, "gen_ai.client.operation.duration").map(({ attributes }) => [
        attributes["gen_ai.request.model"],
        attributes["gen_ai.response.model"],
      ]);
      expect(models).toEqual([
        ["claude-opus-5", "claude-opus-5"],
        ["other", "other"],
      ]);
      expect(JSON.stringify(world.measured)).not.toMatch(/secret-plan|whatever/);
      expect(spansOf(world).map(({ name }) => name)).toEqual(["chat claude-opus-5", "chat other"]);
    }, measuring);
  });

  it("counts the tokens of a model that costs nothing, and names one that only the team has priced [telemetry.metrics]", async () => {
    await inSession(async (world) => {
      await workThrough(world);
      world.measured.length = 0;
      const free = { input: 0, output: 0, cache_read: 0, cache_write_5m: 0, cache_write_1h: 0, web_search: 0 };
      const { gate } = world.session.configuration;
      const priced = {
        ...gate(),
        model_prices: { "claude-our-own": { ...free, as_of: "2026-01-01", source: "ours" } },
      };
      world.storage.sql.exec("UPDATE configuration SET gate = ?", JSON.stringify(priced));
      world.restart();
      await ask(world, "claude-our-own", { model: "claude-our-own" });
      await world.settle();
      expect(pointsOf(world, "claude_code.tokens.total")).toMatchObject([
        { value: 100, attributes: { "gen_ai.token.type": "input", "gen_ai.response.model": "claude-our-own" } },
        { value: 20 },
      ]);
      expect(pointsOf(world, "claude_code.cost.total")).toEqual([]);
    }, measuring);
  });

  it("says what went wrong, as OpenTelemetry names it [telemetry.traces]", async () => {
    await inSession(async (world) => {
      await workThrough(world);
      world.measured.length = 0;
      const question = { team_id: world.session.sessions.get().team_id, runtime_id: world.runner!.runtimeId };
      for (const status of [529, null]) {
        const begun = await world.session.models.begin({ ...question, model: "claude-sonnet-5" });
        if (begun.ok) world.session.models.finish(begun.value.request_id, null, { ...timing, status });
      }
      await world.settle();
      expect(spansOf(world)).toMatchObject([
        { is_error: true, attributes: { "error.type": "529" } },
        { is_error: true, attributes: { "error.type": "no_answer" } },
      ]);
      expect(
        pointsOf(world, "gen_ai.client.operation.duration").map(({ attributes }) => attributes["error.type"]),
      ).toEqual(["529", "no_answer"]);
    }, measuring);
  });

  it("counts everything of a prompt as its input, as OpenTelemetry does [telemetry.traces]", async () => {
    await inSession(async (world) => {
      await workThrough(world);
      world.measured.length = 0;
      const cached = {
        input_tokens: 5,
        cache_read_input_tokens: 70,
        cache_creation_input_tokens: 25,
        output_tokens: 1,
      };
      await ask(world, "claude-sonnet-5", { usage: apiUsageSchema.parse(cached) });
      await world.settle();
      expect(spansOf(world)[0]?.attributes).toMatchObject({
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.cache_read.input_tokens": 70,
        "gen_ai.usage.cache_creation.input_tokens": 25,
        "gen_ai.usage.output_tokens": 1,
      });
    }, measuring);
  });

  it("knows a call by its name after many that never ended [telemetry.labels]", async () => {
    await inSession(async (world) => {
      const turn_id = await workThrough(world);
      world.measured.length = 0;
      const heard = (type: "tool_call_started" | "tool_call_completed", id: string, more: Record<string, unknown>) =>
        world.session.telemetry.heard({ type, turn_id, data: { tool_use_id: id, ...more } });
      for (let index = 0; index <= 500; index += 1) heard("tool_call_started", `lost-${index}`, { tool_name: "Read" });
      heard("tool_call_started", "found", { tool_name: "Grep" });
      heard("tool_call_completed", "found", { duration_ms: 5, is_error: true });
      await world.settle();
      expect(pointsOf(world, "claude_code.tool.latency")).toMatchObject([
        { attributes: { "gen_ai.tool.name": "Grep", outcome: "error" } },
      ]);
      expect(spansOf(world)).toMatchObject([{ attributes: { "error.type": "tool_error" } }]);
    }, measuring);
  });
});
