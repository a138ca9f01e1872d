// The page on which a browser watches a session: the same for everybody, it holds nothing but the script that opens the stream.
import { EVENT_TYPES } from "../../shared/events/event.ts";
import { WATCH_SCRIPT } from "./watch-page-script.ts";

const STYLE = `
:root { color-scheme: light dark; font: 0.95rem/1.5 system-ui, sans-serif; }
body { margin: 0 auto; padding: 1.5rem 1rem; max-width: 60rem; }
h1 { font-size: 1.1rem; }
#state { font-weight: 600; }
ol { list-style: none; margin: 0; padding: 0; }
li { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); padding: .4rem 0; }
li b { font-weight: 600; } li small { opacity: .7; margin-left: .5rem; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font: 0.85rem/1.45 ui-monospace, monospace; }
p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
li.speech p { font-size: 1rem; }
li:not(.speech) p, details { opacity: .75; }
summary { cursor: pointer; width: fit-content; font-size: .8rem; }
#live { opacity: .75; font: inherit; }
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
<script nonce="${nonce}">const TYPES = ${JSON.stringify(EVENT_TYPES)};${WATCH_SCRIPT}</script>
</body>
</html>
`;
}
