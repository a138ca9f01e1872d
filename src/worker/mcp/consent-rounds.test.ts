import { isInputRequiredResult } from "@modelcontextprotocol/server";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { GivenAnswer } from "../permissions/permission-service.ts";
import { type ConsentCall, createConsentRounds } from "./consent-rounds.ts";
import { defineTool, type Tool, type ToolAnswer } from "./define-tool.ts";

const ids = { session_id: "s-1", request_id: "r-1" };
const asked = {
  ...ids,
  kind: "tool",
  tool: "Bash",
  tool_input: { command: "npm test" },
  reason: "It asks.",
  session: { project: "p", branch: "main" },
  session_rule: null,
  settled: null,
  expires_at: "2026-11-21T12:00:00.000Z",
};

function toolNamed(name: string): Tool {
  const answer = async () => ({ session_id: "s-1", pending_permissions: [{ request_id: "r-1", consent_url: "u" }] });
  return defineTool({
    name,
    title: "Test",
    description: "A tool for tests",
    scope: "sessions:read",
    toolset: "sessions",
    input: z.strictObject({}),
    output: z.object({
      session_id: z.string(),
      pending_permissions: z.array(z.object({ request_id: z.string(), consent_url: z.string() })),
    }),
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    run: answer,
    resume: answer,
  });
}

function setUp() {
  const rounds = createConsentRounds("secret-of-tests-0123456789-0123456789");
  const answers: GivenAnswer[] = [];
  const permissions = {
    get: async () => asked,
    answer: async (_principal: unknown, given: GivenAnswer) => void answers.push(given),
  };
  type Wish = { user?: string; tool?: string; state?: unknown; mayWrite?: boolean; capabilities?: object };
  const call = (wish: Wish = {}): Promise<ToolAnswer | object> => {
    const request = {
      requestState: () => wish.state,
      inputResponses: { permission: { action: "accept", content: { decision: "allow_once" } } },
      envelope: { "io.modelcontextprotocol/clientCapabilities": wish.capabilities ?? { elicitation: {} } },
    };
    const context = { principal: { user_id: wish.user ?? "u-1" }, services: { permissions } };
    const made = { context, request, mayWrite: wish.mayWrite ?? true } as unknown as ConsentCall;
    return rounds.run(toolNamed(wish.tool ?? "wait_for_session"), {}, made);
  };
  /** The state as the SDK hands it over once its signature held. */
  const readState = async (answer: object): Promise<unknown> => {
    const { requestState = "" } = answer as { requestState?: string };
    return rounds.codec.verify(requestState, {} as never);
  };
  return { call, answers, readState };
}

describe("asking a client's person in the middle of a call", () => {
  it("takes the answer to what was asked, of whom it was asked [permissions.elicitation]", async () => {
    const { call, answers, readState } = setUp();
    const form = await call();
    expect(isInputRequiredResult(form)).toBe(true);
    await call({ state: await readState(form) });
    expect(answers).toEqual([{ ...ids, answer: { decision: "allow_once" }, way: "elicitation" }]);
  });

  it("takes none with the state of another person, of another tool, or with none [permissions.elicitation]", async () => {
    const { call, answers, readState } = setUp();
    const state = await readState(await call());
    await call({ state, user: "u-2" });
    await call({ state, tool: "execute_claude" });
    await call({ state, mayWrite: false });
    await call({ state: "text of the client's own" });
    await call();
    expect(answers).toEqual([]);
  });

  it("asks nobody whose client shows no forms, or may only look [permissions.elicitation]", async () => {
    const { call } = setUp();
    for (const wish of [{ capabilities: {} }, { capabilities: { elicitation: { url: {} } } }, { mayWrite: false }]) {
      expect(isInputRequiredResult(await call(wish))).toBe(false);
    }
  });
});
