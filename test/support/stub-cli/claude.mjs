#!/usr/bin/env node
// Speaks as much of Claude Code's stream-json as a turn needs. A prompt `say <n> <label>` is answered by n messages.
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { makeMessage } from "./stub-message.mjs";

const session_id = randomUUID();
const write = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

function answer(text) {
  const [, count, label] = /say (\d+) ([\w-]+)/.exec(text) ?? [null, "1", "stub"];
  write({ type: "system", subtype: "init", session_id, uuid: randomUUID(), tools: [], model: "stub" });
  // Written whole: the stub is not what is measured.
  let lines = "";
  for (let index = 0; index < Number(count); index++) {
    lines += `${JSON.stringify({ ...makeMessage(label, index), session_id })}\n`;
  }
  process.stdout.write(lines);
  const usage = { input_tokens: 0, output_tokens: 0, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };
  const totals = { num_turns: 1, duration_ms: 1, duration_api_ms: 1, total_cost_usd: 0, usage, permission_denials: [] };
  write({
    type: "result",
    subtype: "success",
    is_error: false,
    result: label,
    session_id,
    uuid: randomUUID(),
    ...totals,
  });
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const message = JSON.parse(line);
  if (message.type === "control_request") {
    // The SDK asks for the two about hooks where one of them has to hold a tool back; the stub calls no tool.
    const capabilities = { commands: [], models: [], hooks_applied: true, hook_on_failure_supported: true };
    const response = { subtype: "success", request_id: message.request_id, response: capabilities };
    write({ type: "control_response", response });
  }
  if (message.type === "user") answer(JSON.stringify(message.message.content));
});
