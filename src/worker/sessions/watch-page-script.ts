// What the watching page does in the browser: a line of words for each event, the whole of it on demand.

/** Everything that is shown arrives as text and is put in as text. */
export const WATCH_SCRIPT = `
const state = document.getElementById("state"), list = document.getElementById("events"), live = document.getElementById("live");
const stream = new EventSource(location.href);
history.replaceState(null, "", location.pathname);
const say = (text) => { state.textContent = text; };
const first = (value, most = 400) => { const text = typeof value === "string" ? value : JSON.stringify(value) ?? ""; return text.length > most ? text.slice(0, most) + " …" : text; };
const blockWords = (block) =>
  block.type === "tool_use" ? block.name + " " + first(block.input) :
  block.type === "tool_result" ? first(Array.isArray(block.content) ? block.content.map((part) => part.text || part.type).join("\\n") : block.content) :
  block.text || block.thinking || block.type;
const messageWords = (message) => {
  const content = message.message && message.message.content;
  if (Array.isArray(content)) return content.map(blockWords).join("\\n");
  if (typeof content === "string") return content;
  return [message.type, message.subtype, message.model].filter(Boolean).join(" · ");
};
const words = {
  session_status_changed: (data) => [data.status, data.reason].filter(Boolean).join(": "),
  turn_started: (data) => [data.prompt || "Claude goes on by itself", ...(data.attachments || []).map((file) => "with " + (file.name || file.project_file))].join("\\n"),
  message_received: (data) => messageWords(data.message || {}),
  tool_call_started: (data) => data.tool_name,
  tool_call_completed: (data) => data.is_error ? "failed" : "done",
  permission_requested: (data) => [data.tool_name + " " + first(data.tool_input), data.reason].filter(Boolean).join("\\n"),
  permission_resolved: (data) => [data.behavior === "allow" ? "allowed" : "denied", data.decided_by, data.message].filter(Boolean).join(", "),
  structured_output: (data) => first(data.prefix + data.text),
  background_task_changed: (data) => [data.status, data.text].filter(Boolean).join(": "),
  turn_completed: (data) => [data.status, data.reason].filter(Boolean).join(": "),
};
const isSpeech = (event) => event.type === "message_received" && (event.data.message || {}).type === "assistant";
const make = (name, text, parts = []) => { const made = document.createElement(name); made.textContent = text; made.append(...parts); return made; };
const show = (received) => {
  const event = JSON.parse(received.data);
  const isAtEnd = innerHeight + scrollY >= document.body.scrollHeight - 40;
  const told = words[event.type] ? words[event.type](event.data) : first(event.data);
  const whole = make("details", "", [make("summary", "whole event")]);
  whole.addEventListener("toggle", () => whole.append(make("pre", JSON.stringify(event.data, null, 1))), { once: true });
  const title = [make("b", event.seq + " " + event.type.replaceAll("_", " ")), make("small", new Date(event.at).toLocaleTimeString())];
  const row = make("li", "", [...title, make("p", told), whole]);
  if (isSpeech(event)) row.className = "speech";
  if (event.type === "permission_requested" && event.data.expires_at) {
    const link = make("a", "Answer it, signed in");
    link.href = "/consent/" + location.pathname.split("/").at(-1) + "/" + event.data.request_id;
    row.append(link);
  }
  list.append(row);
  if (isSpeech(event)) live.textContent = "";
  if (isAtEnd) scrollTo(0, document.body.scrollHeight);
};
for (const type of TYPES) stream.addEventListener(type, show);
stream.addEventListener("preview", (message) => {
  const delta = (JSON.parse(message.data).message || {}).event;
  const text = delta && delta.delta && (delta.delta.text || delta.delta.thinking);
  if (text) live.textContent += text;
});
stream.addEventListener("open", () => say("Live"));
stream.addEventListener("end", () => { stream.close(); say("The session has ended."); });
stream.addEventListener("cut_off", () => { stream.close(); say("Cut off. Ask for a new link to go on."); });
stream.addEventListener("error", () => {
  if (stream.readyState === EventSource.CLOSED) say("Not connected. A link opens once, within a minute: ask for a new one.");
  else say("Connecting again …");
});
`;
