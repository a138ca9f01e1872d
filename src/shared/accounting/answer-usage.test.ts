import { describe, expect, it } from "vitest";
import { createAnswerReader, readWholeAnswer } from "./answer-usage.ts";

const start = { message: { id: "msg_1", model: "claude-sonnet-5", usage: { input_tokens: 7, output_tokens: 1 } } };

describe("what an answer says of itself", () => {
  it("is the last that it said, and the first where the last is silent [accounting.answer]", () => {
    const reader = createAnswerReader();
    reader.onEvent("message_start", start);
    reader.onEvent("message_delta", { usage: { output_tokens: 3 } });
    reader.onEvent("message_delta", { usage: { output_tokens: 9, input_tokens: 0, speed: null } });
    expect(reader.end()).toMatchObject({
      message_id: "msg_1",
      model: "claude-sonnet-5",
      usage: { input_tokens: 7, output_tokens: 9 },
      estimated: false,
    });
  });

  it("is estimated from what came when it is cut off [accounting.answer]", () => {
    const reader = createAnswerReader();
    reader.onEvent("message_start", start);
    reader.onOutput(30);
    reader.onOutput(11);
    expect(reader.end()).toMatchObject({ usage: { input_tokens: 7, output_tokens: 11 }, estimated: true });
  });

  it("is nothing when it never began, or is no answer of a model [accounting.answer]", () => {
    expect(createAnswerReader().end()).toBeNull();
    const odd = createAnswerReader();
    odd.onEvent("message_start", { message: { usage: {} } });
    odd.onEvent("message_delta", null);
    expect(odd.end()).toBeNull();
    for (const body of [null, "x", {}, { input_tokens: 5 }]) expect(readWholeAnswer(body)).toBeNull();
  });

  it("is read from a whole body too [accounting.answer]", () => {
    const body = { id: "msg_2", model: "claude-opus-5", content: [], usage: { input_tokens: 2, output_tokens: 4 } };
    expect(readWholeAnswer(body)).toMatchObject({ message_id: "msg_2", usage: { output_tokens: 4 }, estimated: false });
  });
});
