// The page on which a browser watches a session: the same for everybody, it holds nothing but the script that opens the stream.
import { EVENT_TYPES } from "../../shared/events/event.ts";

const STYLE = `
:root { color-scheme: light dark; font: 0.95rem/1.5 system-ui, sans-serif; }
body { margin: 0 auto; padding: 1.5rem 1rem; max-width: 60rem; }
h1 { font-size: 1.1rem; }
#state { font-weight: 600; }
ol { list-style: none; margin: 0; padding: 0; }
li { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); padding: .4rem 0; }
li b { font-weight: 600; } li small { opacity: .7; margin-left: .5rem; }
pre { margin: .25rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; font: 0.85rem/1.45 ui-monospace, monospace; }
#live { opacity: .75; }
`;

/** Everything that is shown arrives as text and is put in as text. */
const SCRIPT = `
const state = document.getElementById("state"), list = document.getElementById("events"), live = document.getElementById("live");
const stream = new EventSource(location.href);
history.replaceState(null, "", location.pathname);
const say = (text) => { state.textContent = text; };
const words = (event) => {
  const blocks = event.data.message && event.data.message.message && event.data.message.message.content;
  const texts = Array.isArray(blocks) ? blocks.map((block) => block.text || block.thinking).filter(Boolean) : [];
  return texts.length > 0 ? texts.join("\\n") : JSON.stringify(event.data, null, 1);
};
const show = (message) => {
  const event = JSON.parse(message.data);
  const row = document.createElement("li"), name = document.createElement("b"), time = document.createElement("small"), text = document.createElement("pre");
  name.textContent = event.seq + " " + event.type.replaceAll("_", " ");
  time.textContent = new Date(event.at).toLocaleTimeString();
  text.textContent = words(event);
  row.append(name, time, text);
  list.append(row);
  live.textContent = "";
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

export function renderWatchPage(nonce: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Watching a session · Berth</title>
<style nonce="${nonce}">${STYLE}</style>
</head>
<body>
<h1>⚓ Berth · <span id="state" role="status">Connecting …</span></h1>
<noscript>This page needs JavaScript to show events as they come.</noscript>
<ol id="events"></ol>
<pre id="live" aria-live="off"></pre>
<script nonce="${nonce}">const TYPES = ${JSON.stringify(EVENT_TYPES)};${SCRIPT}</script>
</body>
</html>
`;
}
