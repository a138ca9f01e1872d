// Makes the MCP server for one request, with no more registered in it than the request can reach.
import { McpServer, type McpServerFactory, type ServerContext } from "@modelcontextprotocol/server";
import type { Principal } from "../../shared/teams/principal.ts";
import type { AuditRecorder } from "../audit/audit-recorder.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { EdgeTelemetry } from "../telemetry/edge-telemetry.ts";
import { callTool } from "./call-tool.ts";
import type { ConsentRounds } from "./consent-rounds.ts";
import type { Tool } from "./define-tool.ts";
import type { Exposure } from "./exposure.ts";
import { INSTRUCTIONS } from "./instructions.ts";
import type { ResourceReaders } from "./resource-readers.ts";
import { registerPrompts } from "./prompts.ts";
import { registerResources } from "./resources.ts";
import { challengeFor } from "./scope-challenge.ts";
import type { Services } from "./tool-context.ts";

/** What the endpoint found out about the request, handed to the server through the SDK's `authInfo.extra`. */
export type RequestFacts = {
  exposure: Exposure;
  /** Null for requests that touch nobody's data, such as `tools/list`. */
  principal: Principal | null;
  /** Names of the tools that the request calls. */
  calledTools: readonly string[];
  touchesResources: boolean;
  touchesPrompts: boolean;
  /** The client's trace context, as the header has it. */
  traceparent: string | null;
};

export type McpServerOptions = {
  version: string;
  services: Services;
  readers: ResourceReaders;
  rounds: ConsentRounds;
  audit: AuditRecorder;
  telemetry: EdgeTelemetry;
  logger: Logger;
};

export function createServerFactory(options: McpServerOptions): McpServerFactory {
  return ({ authInfo }) => {
    const facts = authInfo?.extra?.["facts"] as RequestFacts | undefined;
    if (facts === undefined) throw new Error("The MCP endpoint hands over the request's facts");
    const server = new McpServer(
      { name: "berth", title: "Berth", version: options.version },
      {
        instructions: INSTRUCTIONS,
        capabilities: {
          tools: { listChanged: false },
          resources: { listChanged: false },
          prompts: { listChanged: false },
          completions: {},
        },
        cacheHints: CACHE_HINTS,
        // A client of before 2026 cannot be asked: nothing holds its connection between two requests.
        inputRequired: { legacyShim: false },
        requestState: { verify: options.rounds.codec.verify },
      },
    );
    server.server.setRequestHandler("tools/list", () => ({ tools: facts.exposure.listing }));
    const mayWrite = authInfo?.scopes.includes("sessions:write") ?? false;
    const caller = { facts, clientId: authInfo?.clientId ?? "", mayWrite };
    for (const name of facts.calledTools) registerTool(server, caller, name, options);
    const { principal } = facts;
    if (facts.touchesResources) registerResources(server, { ...options, principal });
    if (facts.touchesPrompts) {
      const scopes = authInfo?.scopes ?? [];
      const { prompts } = options.services;
      registerPrompts(server, { prompts, principal, scopes, logger: options.logger });
    }
    return server;
  };
}

/** The lists are the same for everybody and change only with a new version. */
const CACHE_HINTS = {
  "tools/list": { ttlMs: 300_000, cacheScope: "public" },
  "resources/list": { ttlMs: 300_000, cacheScope: "public" },
  "resources/templates/list": { ttlMs: 300_000, cacheScope: "public" },
  "server/discover": { ttlMs: 300_000, cacheScope: "public" },
} as const;

type Caller = { facts: RequestFacts; clientId: string; mayWrite: boolean };

function registerTool(server: McpServer, caller: Caller, name: string, options: McpServerOptions): void {
  const { facts, clientId, mayWrite } = caller;
  const tool = facts.exposure.tools.get(name);
  if (tool === undefined) return;
  const { principal } = facts;
  if (principal === null) throw new Error("A tool is called for somebody");
  const config = {
    title: tool.title,
    description: tool.description,
    inputSchema: passThrough(tool.inputJson),
    outputSchema: passThrough(tool.outputJson),
    annotations: tool.annotations,
    scopeChallenge: challengeFor(tool.scope),
  };
  server.registerTool(tool.name, config, async (args: unknown, { mcpReq }) => {
    const traceparent = mcpReq._meta?.["traceparent"] ?? facts.traceparent;
    const trace = options.telemetry.beginToolCall({ teamId: principal.team_id, tool: tool.name, traceparent });
    const context = { ...toolContext(mcpReq, options.services), principal, clientId, traceparent: trace.traceparent };
    const result = await callTool(tool, args, { context, request: mcpReq, mayWrite }, options);
    trace.end({ isError: result["isError"] === true });
    return result;
  });
}

/** The tool parses its arguments itself, with messages of its own; the SDK only shows the schema. */
function passThrough(json: Tool["inputJson"]) {
  return {
    "~standard": {
      version: 1 as const,
      vendor: "berth",
      validate: (value: unknown) => ({ value }),
      jsonSchema: { input: () => json, output: () => json },
    },
  };
}

function toolContext({ _meta: meta, notify, signal }: ServerContext["mcpReq"], services: Services) {
  const progressToken = meta?.progressToken;
  const reportProgress = async (progress: number, message: string): Promise<void> => {
    if (progressToken === undefined) return;
    await notify({ method: "notifications/progress", params: { progressToken, progress, message } });
  };
  return { services, reportProgress, signal };
}
