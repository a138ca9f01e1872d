import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { keepStderrTail, redact } from "./stderr-tail.ts";

describe("the tail of stderr", () => {
  it("shows no secrets, known or by their shape", () => {
    const text = [
      "key sk-ant-api03-abcdefgh",
      "Authorization: Bearer abc.def-ghi",
      "eyJhbGciOi.eyJzdWIiOi.c2ln",
      "api_key=hunter2hunter2",
      "plain known-run-token-1 here",
    ].join("\n");
    const redacted = redact(text, ["known-run-token-1"]);
    expect(redacted).not.toMatch(/abcdefgh|abc\.def|eyJ|hunter2|known-run-token/);
    expect(redacted).toContain("plain [redacted] here");
  });

  it("stays within 8,192 characters and keeps the end", async () => {
    const stream = new PassThrough();
    const kept = keepStderrTail(stream, () => []);
    expect(kept.tail()).toBeNull();
    for (let index = 0; index < 200; index++) stream.write(`${index} ${"x".repeat(500)}\n`);
    stream.end("the end");
    await new Promise((resolve) => stream.on("end", resolve));
    expect(kept.tail()?.length).toBeLessThanOrEqual(8192);
    expect(kept.tail()).toMatch(/the end$/);
  });
});
