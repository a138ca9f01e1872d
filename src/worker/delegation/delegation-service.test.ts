import { describe, expect, it } from "vitest";
import { TASKS } from "../../shared/delegation/tasks.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import type { SessionView } from "../../shared/rpc/session-api.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { createDelegationService } from "./delegation-service.ts";

const principal: Principal = { user_id: "u", team_id: "t", role: "owner" };
const ENDED_MS = Date.UTC(2026, 0, 1);
const agentOf = (type: keyof typeof TASKS, is_execution = true) => {
  const { name, version, agent } = TASKS[type].pinned;
  return { agent_id: agent.agent_id, name, version, is_execution };
};
const answer = (...paths: string[]) => ({
  summary: "s",
  files: paths.map((path) => ({ path, action: "created", purpose: "p" })),
  how_to_use: "",
  open_points: [],
});

type Wish = {
  structured?: unknown;
  leftOut?: boolean;
  status?: string;
  files?: Record<string, string>;
  nowMs?: number;
  agent?: object;
};

function setUp({ structured, leftOut, status = "completed", files = {}, nowMs = ENDED_MS + 1000, agent }: Wish) {
  const view = {
    session: {
      session_id: "s",
      project: "p",
      branch: "main",
      status: "idle",
      agent: agent ?? agentOf("code_generation"),
    },
    turn: { status, ended_at: new Date(ENDED_MS).toISOString() },
    result: status === "completed" ? { is_error: false, structured, structured_left_out: leftOut } : null,
    pending_permissions: [],
  } as unknown as SessionView;
  const asked: unknown[] = [];
  const service = createDelegationService({
    sessions: {
      get: async () => view,
      async execute(_principal, request) {
        asked.push(request);
        return { submitted: {}, waited: null, cutFrom: null } as never;
      },
    },
    head: {
      async read(_principal, _place, path) {
        const content = files[path];
        if (content === undefined) throw new AppError("file_not_found", "It is not there.");
        return {
          encoding: "utf-8",
          content,
          offset: 0,
          bytes: content.length,
          size: content.length,
          checkpoint_id: "c",
          created_at: "",
        };
      },
    },
    nowMs: () => nowMs,
  });
  return { asked, service, verdict: async () => (await service.get(principal, "s")).verdict };
}

describe("a delegated task's answer", () => {
  it("is held to the files that it names, once they are kept [delegation.validated]", async () => {
    const structured = answer("a.ts", "./b.json", "c.py");
    const files = { "a.ts": "const a = 1;", "b.json": "{", "c.py": "x" };
    expect(await setUp({ structured, files }).verdict()).toEqual({
      state: "invalid",
      problems: ["./b.json is no valid JSON"],
      unchecked: ["c.py"],
    });
    expect(await setUp({ structured, files: { ...files, "b.json": "{}" } }).verdict()).toMatchObject({
      state: "valid",
    });
  });

  it("waits a minute for files, and says then that they are not there [delegation.validated]", async () => {
    const structured = answer("a.ts");
    expect(await setUp({ structured }).verdict()).toMatchObject({ state: "pending" });
    expect(await setUp({ structured, nowMs: ENDED_MS + 61_000 }).verdict()).toEqual({
      state: "invalid",
      problems: ["a.ts is not among the project's files"],
      unchecked: [],
    });
  });

  it("is not there yet, not whole, or of the wrong form [delegation.validated]", async () => {
    expect(await setUp({ status: "running" }).verdict()).toBeNull();
    expect(await setUp({ status: "interrupted" }).verdict()).toBeNull();
    expect(await setUp({ leftOut: true }).verdict()).toMatchObject({ state: "invalid" });
    expect(await setUp({ structured: undefined }).verdict()).toMatchObject({ state: "invalid" });
    expect(await setUp({ structured: answer("../../etc/passwd") }).verdict()).toMatchObject({ state: "invalid" });
  });

  it("is no other session's [delegation.run]", async () => {
    for (const agent of [agentOf("code_review", false), { agent_id: "x", is_execution: true }]) {
      await expect(setUp({ agent }).verdict()).rejects.toMatchObject({ code: "execution_not_found" });
    }
  });
});

describe("delegating", () => {
  it("runs as the kind's agent with its schema, and refuses what the kind does not know [delegation.run] [delegation.input]", async () => {
    const { service, asked } = setUp({});
    const task = {
      type: "code_review" as const,
      description: "Look.",
      project: "p",
      branch: null,
      idempotency_key: null,
      traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    };
    const options = { timeout_seconds: 60, priority: "high" as const };
    await service.start(principal, { ...task, parameters: { paths: ["src"] }, options });
    expect(asked).toMatchObject([
      {
        prompt: expect.stringContaining("- Review: src"),
        agent: TASKS.code_review.pinned,
        traceparent: task.traceparent,
        options: { priority: "high", timeout_seconds: 60, output_schema: TASKS.code_review.outputSchema },
      },
    ]);
    const refused = Promise.resolve().then(() =>
      service.start(principal, { ...task, parameters: { line: 1 }, options }),
    );
    await expect(refused).rejects.toMatchObject({ code: "invalid_argument" });
    expect(asked).toHaveLength(1);
  });
});
