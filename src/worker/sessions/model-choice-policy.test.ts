import { describe, expect, it } from "vitest";
import { requireModel } from "./model-choice-policy.ts";

describe("the model that a call names", () => {
  it.each(["claude-sonnet-5", "claude-sonnet-5[1m]", "opus", "sonnet[1m]"])("may be %s", (model) => {
    expect(() => requireModel(model, ["claude-*"])).not.toThrow();
  });

  it.each(["gpt-9", "claude", "opus-claude-x", "[1m]"])("may not be %s, and the answer says which may", (model) => {
    expect(() => requireModel(model, ["claude-*"])).toThrow("claude-*, default");
  });
});
