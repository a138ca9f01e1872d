// The bare sandbox: answers a prompt with what the stub says, as lines of its process or as messages of `query()`.
import { query } from "@anthropic-ai/claude-agent-sdk";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

const STUB = join(import.meta.dirname, "..", "..", "support", "stub-cli", "claude.mjs");

function streamLines(prompt: string, response: ServerResponse): void {
  const child = spawn(process.execPath, [STUB], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdout.pipe(response);
  child.stdin.end(`${JSON.stringify({ type: "user", message: { role: "user", content: prompt } })}\n`);
}

/** What an hour's work would build: each message is passed on as it comes, and kept nowhere. */
async function streamMessages(prompt: string, response: ServerResponse): Promise<void> {
  for await (const message of query({ prompt, options: { pathToClaudeCodeExecutable: STUB } })) {
    if (!response.write(`${JSON.stringify(message)}\n`)) await once(response, "drain");
  }
  response.end();
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://sandbox");
  const prompt = url.searchParams.get("prompt") ?? "";
  if (url.pathname === "/messages") void streamMessages(prompt, response);
  else streamLines(prompt, response);
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ listening: (server.address() as AddressInfo).port })));
