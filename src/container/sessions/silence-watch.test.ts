import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startSilenceWatch } from "./silence-watch.ts";

const use = { type: "assistant", message: { content: [{ type: "tool_use", id: "t1", name: "Bash", input: {} }] } };
const result = { type: "user", message: { content: [{ type: "tool_result", tool_use_id: "t1", content: "" }] } };

describe("silence", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is noticed once nothing was heard for as long as the limit [runner.silence]", () => {
    const onSilent = vi.fn<() => void>();
    const watch = startSilenceWatch(1000, onSilent);
    vi.advanceTimersByTime(900);
    watch.heard({ type: "stream_event" });
    vi.advanceTimersByTime(900);
    expect(onSilent).not.toHaveBeenCalled();
    vi.advanceTimersByTime(200);
    expect(onSilent).toHaveBeenCalledTimes(1);
  });

  it("does not count while a tool runs, and counts again after it [runner.silence]", () => {
    const onSilent = vi.fn<() => void>();
    const watch = startSilenceWatch(1000, onSilent);
    watch.heard(use);
    vi.advanceTimersByTime(60_000);
    expect(onSilent).not.toHaveBeenCalled();
    watch.heard(result);
    vi.advanceTimersByTime(1000);
    expect(onSilent).toHaveBeenCalledTimes(1);
  });

  it("does not count while Claude Code waits for the model's API, for as long as it said [runner.silence] [session.model_retry]", () => {
    const onSilent = vi.fn<() => void>();
    const watch = startSilenceWatch(1000, onSilent);
    const retry = { type: "system", subtype: "api_retry", attempt: 1, max_retries: 10, error_status: 429 };
    watch.heard({ ...retry, retry_delay_ms: 10_500 });
    vi.advanceTimersByTime(10_400);
    expect(onSilent).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2_000);
    expect(onSilent).toHaveBeenCalledTimes(1);
  });

  it("is nobody's business any more after the turn [runner.silence]", () => {
    const onSilent = vi.fn<() => void>();
    startSilenceWatch(1000, onSilent).stop();
    vi.advanceTimersByTime(5000);
    expect(onSilent).not.toHaveBeenCalled();
  });
});
