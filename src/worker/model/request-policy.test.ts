import { describe, expect, it } from "vitest";
import { judgeModelRequest } from "./request-policy.ts";

const request = { model: "claude-sonnet-5", messages: [{ role: "user", content: "hi" }] };

describe("what a model request may ask", () => {
  it("passes what Claude Code sends: its own tools, tool search, web search", () => {
    const tools = [
      { name: "Bash", input_schema: {} },
      { type: "custom", name: "Read" },
      { type: "web_search_20250305", name: "web_search" },
      { type: "tool_search_tool_regex_20251119", name: "tool_search" },
      { type: "bash_20250124", name: "bash" },
    ];
    expect(judgeModelRequest({ ...request, tools })).toEqual({
      ok: true,
      request: { model: "claude-sonnet-5", max_output_tokens: null },
    });
  });

  it.each([{ mcp_servers: [] }, { mcp_servers: [{ url: "https://x" }] }, { container: "c" }, { container: {} }])(
    "refuses remote MCP servers and containers: %j [gateway.refusals]",
    (extra) => expect(judgeModelRequest({ ...request, ...extra }).ok).toBe(false),
  );

  it.each([
    "code_execution_20250825",
    "web_fetch_20250910",
    "mcp_toolset",
    "advisor_20260301",
    "computer_20250124",
    5,
    {},
  ])("refuses a tool of type %j, wherever it is added [gateway.refusals]", (type) => {
    const tools = [{ type, name: "x" }];
    expect(judgeModelRequest({ ...request, tools }).ok).toBe(false);
    const inContent = { role: "user", content: [{ type: "tool_addition", tools }] };
    expect(judgeModelRequest({ ...request, messages: [inContent] }).ok).toBe(false);
    expect(judgeModelRequest({ ...request, messages: [{ role: "system", tools }] }).ok).toBe(false);
    expect(judgeModelRequest({ ...request, messages: [{ role: "user", content: [{ tool: tools[0] }] }] }).ok).toBe(
      false,
    );
  });

  it.each([
    null,
    [],
    "text",
    {},
    { model: 5 },
    { model: "" },
    { model: "x".repeat(300) },
    { ...request, tools: [null] },
  ])("refuses a body that it cannot judge: %#", (body) => expect(judgeModelRequest(body).ok).toBe(false));
});
