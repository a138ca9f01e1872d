// Sends one MCP request over and over on a few kept connections, and takes the time of each answer.
import { Agent, request as sendRequest } from "node:http";

export type McpRequest = { url: string; headers: Record<string, string>; body: string };

export type Era = "2026-07-28" | "2025-11-25";

export type Load = { latenciesMs: number[]; perSecond: number };

const CLIENT = { name: "berth-bench", version: "1.0.0" };

export function mcpRequest(
  target: { mcpUrl: string; accessToken: string },
  era: Era,
  call: { method: "tools/list" } | { method: "tools/call"; name: string; arguments: Record<string, unknown> },
): McpRequest {
  const { method, ...params } = call;
  const isModern = era === "2026-07-28";
  const meta = {
    "io.modelcontextprotocol/protocolVersion": era,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": CLIENT,
  };
  const headers: Record<string, string> = {
    authorization: `Bearer ${target.accessToken}`,
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": era,
  };
  if (isModern) headers["mcp-method"] = method;
  if (isModern && "name" in params) headers["mcp-name"] = params.name;
  const body = { jsonrpc: "2.0", id: 1, method, params: { ...params, ...(isModern ? { _meta: meta } : {}) } };
  return { url: target.mcpUrl, headers, body: JSON.stringify(body) };
}

/** `connections` loops at once, each with one request under way. */
export async function runLoad(
  request: McpRequest,
  options: { connections: number; durationMs: number },
): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: options.connections });
  const latenciesMs: number[] = [];
  const startedAt = performance.now();
  const loop = async (): Promise<void> => {
    while (performance.now() - startedAt < options.durationMs) {
      const sentAt = performance.now();
      await send(request, agent);
      latenciesMs.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: options.connections }, loop));
  const perSecond = latenciesMs.length / ((performance.now() - startedAt) / 1000);
  agent.destroy();
  return { latenciesMs, perSecond };
}

/** The answer's text. An answer that is no result ends the benchmark: there would be nothing to compare. */
export function send({ url, headers, body }: McpRequest, agent?: Agent): Promise<string> {
  const options = { method: "POST", headers: { ...headers, "content-length": Buffer.byteLength(body) }, agent };
  return new Promise((resolve, reject) => {
    const outgoing = sendRequest(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        const isResult = response.statusCode === 200 && text.includes('"result":') && !text.includes('"isError":true');
        if (isResult) resolve(text);
        else reject(new Error(`${url} answered ${String(response.statusCode)}: ${text.slice(0, 500)}`));
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
