import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createSilentAudit } from "../../../test/support/silent-audit.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import { createLogger } from "../telemetry/logger.ts";
import type { CallToolResult } from "@modelcontextprotocol/server";
import { callTool } from "./call-tool.ts";
import { type ConsentCall, createConsentRounds } from "./consent-rounds.ts";
import { defineTool } from "./define-tool.ts";
import type { ToolContext } from "./tool-context.ts";

const context = {} as ToolContext;

function toolThat(run: () => Promise<{ answer: string }>) {
  return defineTool({
    name: "test_tool",
    title: "Test",
    description: "A tool for tests",
    scope: "sessions:read",
    toolset: "sessions",
    input: z.strictObject({ size: z.int().max(5), mode: z.enum(["a", "b"]).default("a") }),
    output: z.object({ answer: z.string() }),
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    run,
  });
}

async function call(run: () => Promise<{ answer: string }>, args: unknown = { size: 1 }) {
  const lines: string[] = [];
  const logger = createLogger({ sink: (_level, line) => lines.push(line), newEventId: () => "event-1" });
  const request = { requestState: () => undefined } as unknown as ConsentCall["request"];
  const rounds = createConsentRounds("secret-of-tests-0123456789-0123456789");
  const asked = { context, request, mayWrite: true };
  const result = (await callTool(toolThat(run), args, asked, {
    rounds,
    audit: createSilentAudit(),
    logger,
  })) as CallToolResult;
  const [content] = result.content;
  return { result, lines, text: content?.type === "text" ? (JSON.parse(content.text) as Record<string, string>) : {} };
}

describe("calling a tool", () => {
  it("gives the same JSON as structure and as text", async () => {
    const { result, text } = await call(async () => ({ answer: "yes" }));
    expect(result.structuredContent).toEqual({ answer: "yes" });
    expect(text).toEqual({ answer: "yes" });
    expect(result.isError).toBeUndefined();
  });

  it("gives an expected failure as code and message", async () => {
    const { result, text } = await call(async () => {
      throw new AppError("session_not_found", "There is no such session.");
    });
    expect(result.isError).toBe(true);
    expect(text).toEqual({ code: "session_not_found", message: "There is no such session." });
  });

  it("keeps a crash's own words from model and log, and names the event instead [mcp.errors] [bad_input.secrets]", async () => {
    const { text, lines } = await call(async () => {
      throw new Error("password=hunter2 at somewhere");
    });
    expect(text["code"]).toBe("internal");
    expect(text["message"]).toContain("event-1");
    expect(JSON.stringify([text, lines])).not.toContain("hunter2");
    expect(lines.join()).toContain('"event_id":"event-1"');
  });

  it("treats a result that breaks its own contract as a crash", async () => {
    const { text } = await call(async () => ({ answer: 5 }) as unknown as { answer: string });
    expect(text["code"]).toBe("internal");
  });

  it.each([
    [{ size: 9 }, "size: must be at most 5"],
    [{ size: "secret-value" }, "size: must be a number"],
    [{ size: 1.5 }, "size: must be an integer"],
    [{ size: 1, mode: "secret-value" }, "mode: must be one of a, b"],
    [{ size: 1, extra: "secret-value" }, 'there is no parameter "extra"'],
    [null, "size: is missing"],
    ["secret-value", "the arguments: must be an object"],
  ])("says what is wrong with arguments without repeating values: %# [bad_input.arguments]", async (args, message) => {
    const { text } = await call(async () => ({ answer: "never" }), args);
    expect(text["code"]).toBe("invalid_argument");
    expect(text["message"]).toContain(message);
    expect(text["message"]).not.toContain("secret-value");
  });
});
