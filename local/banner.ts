// What `npm start` says: one place for all its sentences to a person.
import type { SandboxMode } from "./settings.ts";

export function describeReady(port: number, signInCode: string): string {
  const url = `http://localhost:${port}/mcp`;
  return [
    `Berth is ready: ${url}`,
    `Sign-in code: ${signInCode}`,
    "",
    "Add it to Claude Code:",
    `  claude mcp add --transport http berth ${url}`,
    "  then /mcp inside Claude Code, choose berth, and type the sign-in code on the page that opens.",
    "Add it to another client on this machine (Cursor, VS Code, the MCP Inspector, …):",
    `  an MCP server of type "http" (also called streamable HTTP) with the URL ${url}`,
    `  as JSON: {"mcpServers": {"berth": {"type": "http", "url": "${url}"}}}`,
    "Claude Desktop and claude.ai connect from Anthropic's network: they need a public https address (see README.md).",
    "",
    "Ctrl-C ends Berth and everything that it started.",
  ].join("\n");
}

export function describeSandbox(mode: SandboxMode, reason: "asked" | "docker" | "no-docker"): string {
  const why = {
    asked: "as SANDBOX asks",
    docker: "because Docker answers",
    "no-docker": "because Docker does not answer",
  };
  const meaning =
    mode === "container"
      ? "each workspace runs in a Docker container of its own, apart from this machine's files."
      : "Claude Code runs as a plain process of your user. This isolates nothing: it can read and change what you can.";
  return `Sandboxes: ${mode}, ${why[reason]}: ${meaning}`;
}

/** `roles`: what still ran. With `start` among them a whole Berth lived there, perhaps in another window. */
export function describeTakeover(roles: readonly string[], home: string): string {
  const ended = `Ended what an earlier run left: ${roles.join(", ")}.`;
  if (!roles.includes("start")) return ended;
  return `${ended} Another Berth ran in ${home}, and this one takes its place; BERTH_HOME=<folder> keeps two apart.`;
}

export const SCRIPTED_MODEL_BANNER = [
  "┌──────────────────────────────────────────────────────────────────────────┐",
  "│ NO MODEL KEY: answers come from the built-in scripted model, not Claude. │",
  "│ Set ANTHROPIC_API_KEY and start again to work with Claude.               │",
  "└──────────────────────────────────────────────────────────────────────────┘",
].join("\n");
