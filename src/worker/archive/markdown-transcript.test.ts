import { describe, expect, it } from "vitest";
import type { SessionEvent } from "../../shared/events/event.ts";
import { writeEvent, writeHeading } from "./markdown-transcript.ts";

const event = (type: SessionEvent["type"], data: Record<string, unknown>): SessionEvent => ({
  seq: 7,
  type,
  turn_id: null,
  at: "2026-01-01T00:00:00Z",
  occurred_at: null,
  data,
});
const message = (type: string, ...content: unknown[]) =>
  event("message_received", { message: { type, message: { content } } });
const usage = { input_tokens: 1, output_tokens: 1, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };

describe("a transcript", () => {
  it("has prompts, texts, tool calls with their results, and what a turn cost [archive.export]", () => {
    const result = { text: "done", is_error: false, num_turns: 1, duration_ms: 1500, cost_usd: 0.25, usage };
    const written = [
      event("turn_started", { number: 1, origin: "prompt", prompt: "two\nlines" }),
      message("assistant", { type: "text", text: "I will look." }),
      message("assistant", { type: "tool_use", id: "t", name: "Read", input: { path: "a" } }),
      message("user", { type: "tool_result", tool_use_id: "t", content: "the file" }),
      message("user", { type: "text", text: "two\nlines" }),
      event("session_status_changed", { status: "idle", reason: null }),
      event("turn_completed", { status: "completed", reason: "completed", result }),
    ].map(writeEvent);
    expect(written).toEqual([
      "\n## Turn 1\n\n> two\n> lines\n",
      "\nI will look.\n",
      '\n**Tool Read**\n\n```\n{\n  "path": "a"\n}\n```\n',
      "\n**Result**\n\n```\nthe file\n```\n",
      "",
      "",
      "\n_Turn completed: $0.2500, 1.5 s._\n",
    ]);
  });

  it("names the files of a prompt and has its structured answer [archive.export]", () => {
    const attachments = [
      { project_file: "a/b.md" },
      { upload_id: "x", name: "c.png", media_type: "image/png", bytes: 1 },
    ];
    const started = event("turn_started", { number: 1, origin: "prompt", prompt: "look", attachments });
    expect(writeEvent(started)).toBe('\n## Turn 1\n\n> look\n\n**Attached**\n\n- "a/b.md"\n- "c.png"\n');
    const result = {
      text: "",
      structured: { a: 1 },
      is_error: false,
      num_turns: 1,
      duration_ms: 0,
      cost_usd: 0,
      usage,
    };
    const ended = writeEvent(event("turn_completed", { status: "completed", reason: null, result }));
    expect(ended).toContain('**Structured**\n\n```\n{\n  "a": 1\n}\n```\n');
  });

  it("shortens what is long and says so, and no content gets out of its fence [archive.export]", () => {
    const long = writeEvent(message("user", { type: "tool_result", content: "x".repeat(5_000), is_error: true }));
    expect(long).toContain("**Failed**");
    expect(long).toContain("[… 3000 more characters]");
    const fenced = writeEvent(message("user", { type: "tool_result", content: "```\n# out" }));
    expect(fenced).toContain("````\n```\n# out\n````");
    const whole = {
      ...message("assistant", { type: "text", text: "begin" }),
      body: { sha256: "a".repeat(64), bytes: 9 },
    };
    expect(writeEvent(whole)).toContain("_Shortened: event 7 has 9 bytes._");
  });

  it("says what it is about, and leaves out what it does not know [archive.export]", () => {
    const session = {
      session_id: "0199a0c0-0000-7000-8000-000000000001",
      project: "demo",
      branch: "main",
      status: "ended",
      status_reason: "ended on request",
      title: "do\nit",
      created_at: "2026-01-01T00:00:00Z",
      updated_at: "2026-01-01T00:00:00Z",
      turns: 2,
      cursor: 9,
      cost_usd: 0.5,
    } as const;
    expect(writeHeading(session)).toContain("# do it\n");
    expect(writeHeading(session)).toContain("ended: ended on request · 2 turns · $0.5000");
    expect(writeEvent(event("message_received", { message: { type: "system" } }))).toBe("");
    expect(writeEvent(event("turn_started", {}))).toBe("");
    expect(writeEvent(event("error_occurred", { code: "cli_exited", message: "It ended." }))).toContain("`cli_exited`");
  });
});
