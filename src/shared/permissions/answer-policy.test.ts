import { describe, expect, it } from "vitest";
import { type AnsweredRequest, judgeAnswer } from "./answer-policy.ts";
import { permissionAnswerSchema } from "./permission-request.ts";

const tool: AnsweredRequest = {
  kind: "tool",
  tool_name: "Bash",
  tool_input: { command: "npm test" },
  always_rule: "Bash(npm test)",
  session_rule: "Bash(npm test)",
};
const question: AnsweredRequest = {
  ...tool,
  kind: "question",
  tool_name: "AskUserQuestion",
  tool_input: {
    questions: [
      { question: "Which?", options: [] },
      { question: "When?", options: [] },
    ],
  },
};
const schema = {
  type: "object",
  properties: {
    name: { type: "string" },
    count: { type: "integer" },
    sure: { type: "boolean" },
    colour: { type: "string", enum: ["red", "blue"] },
    tags: { type: "array", items: { enum: ["a", "b"] } },
  },
  required: ["name"],
};
const elicitation: AnsweredRequest = {
  ...tool,
  kind: "elicitation",
  tool_input: { message: "Who?", requested_schema: schema },
};

describe("an answer to a permission request", () => {
  it("allows once, for the session or always, each with the rule that it adds [permissions.answer]", () => {
    const told = (["allow_once", "allow_session", "allow_always"] as const).map((decision) =>
      judgeAnswer(tool, { decision }),
    );
    expect(told).toMatchObject([
      { ok: true, decision: { behavior: "allow" }, resolution: { remember: "once", rule: null } },
      { ok: true, decision: { behavior: "allow" }, resolution: { remember: "session", rule: "Bash(npm test)" } },
      { ok: true, decision: { behavior: "allow" }, resolution: { remember: "always", rule: "Bash(npm test)" } },
    ]);
  });

  it("denies with what the person said to Claude", () => {
    const judged = judgeAnswer(tool, { decision: "deny", message: "Use the small set." });
    expect(judged).toMatchObject({
      decision: { behavior: "deny", message: expect.stringMatching(/Use the small set\.$/) },
    });
  });

  it("cannot allow always where no rule is narrow enough, nor what was not shown whole [permissions.answer]", () => {
    expect(judgeAnswer({ ...tool, always_rule: null }, { decision: "allow_always" })).toMatchObject({ ok: false });
    const cut = { ...tool, tool_input: { command: "npm [… 9 more characters]" } };
    expect(judgeAnswer(cut, { decision: "allow_once" })).toMatchObject({ ok: false });
    expect(judgeAnswer(cut, { decision: "deny" })).toMatchObject({ ok: true });
  });

  it("to a question answers each, and nothing else [permissions.questions]", () => {
    const content = { "Which?": "A", "When?": " now " };
    expect(judgeAnswer(question, { decision: "answer", content })).toMatchObject({
      decision: { behavior: "allow", added_input: { answers: { "Which?": "A", "When?": "now" } } },
    });
    for (const wrong of [{}, { "Which?": "A" }, { ...content, "Why?": "x" }, { ...content, "When?": " " }]) {
      expect(judgeAnswer(question, { decision: "answer", content: wrong })).toMatchObject({ ok: false });
    }
    expect(judgeAnswer(question, { decision: "allow_once" })).toMatchObject({ ok: false });
    expect(judgeAnswer(tool, { decision: "answer", content: {} })).toMatchObject({ ok: false });
  });

  it("to an MCP server's form is of the kinds that it asks for, as a page or a program sends it [permissions.questions]", () => {
    const content = { name: "Ada", count: "3", sure: "true", colour: "red", tags: ["a"] };
    expect(judgeAnswer(elicitation, { decision: "answer", content })).toMatchObject({
      decision: { added_input: { name: "Ada", count: 3, sure: true, colour: "red", tags: ["a"] } },
    });
    expect(judgeAnswer(elicitation, { decision: "answer", content: { name: "Ada", count: 3 } })).toMatchObject({
      ok: true,
    });
    for (const wrong of [
      {},
      { name: "A", count: "x" },
      { name: "A", count: 1.5 },
      { name: "A", colour: "green" },
      { name: "A", more: 1 },
    ]) {
      expect(judgeAnswer(elicitation, { decision: "answer", content: wrong })).toMatchObject({ ok: false });
    }
  });

  it("has no fields that nobody knows", () => {
    expect(permissionAnswerSchema.safeParse({ decision: "allow_once", rule: "Bash" }).success).toBe(false);
    expect(permissionAnswerSchema.safeParse({ decision: "deny", message: "x".repeat(1001) }).success).toBe(false);
  });
});
