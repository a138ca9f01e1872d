import { describe, expect, it } from "vitest";
import { readModelRetry } from "./retry-policy.ts";

const retry = {
  type: "system",
  subtype: "api_retry",
  attempt: 2,
  max_retries: 10,
  retry_delay_ms: 2_600,
  error_status: 429,
  error: "rate_limit",
  uuid: "u",
};

describe("a wait of Claude Code for the model's API", () => {
  it.each([
    [429, "The model's API says that its rate limit is reached (429)."],
    [529, "The model's API is overloaded (529)."],
    [500, "The model's API answered with an error (500)."],
    [null, "The model's API did not answer."],
  ])("is told in words for %s [session.model_retry]", (error_status, words) => {
    expect(readModelRetry({ ...retry, error_status })).toEqual({
      attempt: 2,
      max_attempts: 10,
      wait_ms: 2_600,
      http_status: error_status,
      message: `${words} Claude Code tries again in 3 s (2 of 10).`,
    });
  });

  it("is nothing that another message, or one of an unknown shape, can be taken for", () => {
    for (const other of [null, {}, { ...retry, subtype: "init" }, { ...retry, attempt: "two" }]) {
      expect(readModelRetry(other)).toBeNull();
    }
  });
});
