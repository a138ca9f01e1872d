// What the stub says: the same for the same label and number, so that a test can tell what is missing.

/** Around 400 bytes as JSON, as a short message of Claude Code is. */
export function makeMessage(label, index) {
  const text = `${label} ${index}`;
  const usage = { input_tokens: 12, output_tokens: 34, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };
  const message = {
    id: `msg_${text}`,
    type: "message",
    role: "assistant",
    model: "stub",
    content: [{ type: "text", text }],
    stop_reason: null,
    usage,
  };
  return {
    type: "assistant",
    message,
    parent_tool_use_id: null,
    uuid: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
  };
}
