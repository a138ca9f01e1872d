import { describe, expect, it } from "vitest";
import { pinnedAgentSchema } from "../agents/agent-schema.ts";
import { findSchemaProblem } from "../structured/output-schema-policy.ts";
import { taskOfAgent, TASK_TYPES, TASKS } from "./tasks.ts";

const finding = { file: "a.ts", line: 3, severity: "high", title: "t", description: "d", suggestion: "" };
const review = { summary: "s", findings: [finding], files_reviewed: ["a.ts"] };
const tests = {
  summary: "s",
  command: "npm test",
  total: 3,
  passed: 2,
  failed: 1,
  skipped: 0,
  duration_seconds: null,
  coverage_percent: null,
  failures: [{ name: "adds", file: null, message: "expected 2" }],
};
const fix = {
  summary: "s",
  reproduced: true,
  root_cause: "c",
  locations: [],
  fixed: true,
  changed_files: ["a.ts"],
  verification: "npm test",
};

describe.each(TASK_TYPES)("the delegated task %s", (type) => {
  const task = TASKS[type];

  it("is an agent of ours with a schema that Claude Code takes [delegation.types]", () => {
    expect(task.type).toBe(type);
    expect(pinnedAgentSchema.safeParse(task.pinned).error).toBeUndefined();
    expect(findSchemaProblem(task.outputSchema)).toBeNull();
    expect(taskOfAgent(task.pinned.agent.agent_id)).toBe(type);
  });

  it("approves nothing, and asks no person for anything [delegation.consent]", () => {
    expect(task.pinned.agent.policy.auto_approved).toEqual([]);
    expect(task.pinned.agent.hooks).toEqual({});
  });

  it("takes no parameter that it does not know [delegation.input]", () => {
    expect(task.prompt("Do it.", { nonsense: 1 })).toMatchObject({ ok: false });
    expect(task.prompt("Do it.", {})).toMatchObject({ ok: true });
  });
});

describe("an answer", () => {
  it.each([
    ["code_review", review, []],
    ["code_review", { ...review, findings: [] }, []],
    ["code_review", { ...review, findings: [{ ...finding, line: 0 }] }, [/findings\.0\.line/]],
    ["code_review", { ...review, findings: [{ ...finding, severity: "bad" }] }, [/findings\.0\.severity/]],
    ["code_review", { ...review, findings: [{ ...finding, file: "../x" }] }, [/no path below/]],
    ["code_review", { ...review, files_reviewed: [] }, [/no file that was reviewed/]],
    ["test_execution", tests, []],
    ["test_execution", { ...tests, total: 4 }, [/add up/]],
    ["test_execution", { ...tests, failures: [] }, [/none of them is named/]],
    ["test_execution", { ...tests, passed: 3, failed: 0 }, [/more failures/]],
    ["test_execution", { ...tests, passed: undefined }, [/passed/]],
    ["debugging", fix, []],
    ["debugging", { ...fix, changed_files: [], verification: " " }, [/no changed file/, /how that was seen/]],
    [
      "git_operation",
      { summary: "s", branch: null, commits: [{ hash: "HEAD", subject: "" }], files: [], clean: true },
      [/hash/],
    ],
    [
      "file_operation",
      { summary: "s", changes: [{ path: "b", action: "moved", from: null, note: "" }] },
      [/from where/],
    ],
    ["code_generation", { summary: "s", files: [], how_to_use: "", open_points: [] }, [/files/]],
    ["documentation", "text", [/the answer/]],
  ] as const)("of %s is held to what it has to be: %#  [delegation.validated]", (type, answer, problems) => {
    const checked = TASKS[type].check(answer);
    expect(checked.problems).toHaveLength(problems.length);
    for (const [index, problem] of problems.entries()) expect(checked.problems[index]).toMatch(problem);
  });

  it("names the files that have to parse [delegation.validated]", () => {
    const files = [{ path: "src/a.ts", action: "created", purpose: "p" }];
    const checked = TASKS.code_generation.check({ summary: "s", files, how_to_use: "", open_points: [] });
    expect(checked).toEqual({ problems: [], code: ["src/a.ts"] });
    expect(TASKS.debugging.check(fix).code).toEqual(["a.ts"]);
  });
});

describe("a task's prompt", () => {
  it("has what is asked for, and the parameters in words", () => {
    const made = TASKS.code_review.prompt("Review it.", { paths: ["src"], base: "main", review_type: "security" });
    if (!made.ok) throw new Error("it was to be taken");
    expect(made.prompt).toBe("Review it.\n\n- Review: src\n- Look for: security\n- Only what changed since main.");
  });
});
