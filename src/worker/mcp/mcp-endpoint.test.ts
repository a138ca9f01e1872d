import { describe, expect, it } from "vitest";
import type { Principal } from "../../shared/teams/principal.ts";
import { createLogger } from "../telemetry/logger.ts";
import { createExposures } from "./exposure.ts";
import { createMcpEndpoint, type McpEndpointOptions } from "./mcp-endpoint.ts";
import type { RequestFacts } from "./mcp-server.ts";
import { TOOLS } from "./registry.ts";

const principal: Principal = { user_id: "user", team_id: "team", role: "owner" };
const token = {
  userId: "user",
  clientId: "c",
  scopes: ["sessions:read"],
  audience: "http://localhost/mcp",
  token: "t",
};

function setUp(options: { repairsHeaders?: boolean; member?: Principal | null } = {}) {
  const handed: { request: Request; facts: RequestFacts; body: unknown; streams: boolean }[] = [];
  const lines: string[] = [];
  let lookups = 0;
  const createHandler = (streams: boolean): McpEndpointOptions["handler"] => ({
    async fetch(request, { authInfo, parsedBody }) {
      handed.push({ request, facts: authInfo.extra?.["facts"] as RequestFacts, body: parsedBody, streams });
      return new Response("ok");
    },
  });
  const endpoint = createMcpEndpoint({
    handler: createHandler(false),
    streamHandler: createHandler(true),
    expose: createExposures(TOOLS),
    async readPrincipal() {
      lookups++;
      return options.member === undefined ? principal : options.member;
    },
    repairsHeaders: options.repairsHeaders ?? true,
    logger: createLogger({ sink: (_level, line) => lines.push(line), newEventId: () => "event-1" }),
  });
  const send = (body: unknown, headers: Record<string, string> = {}) =>
    endpoint(new Request("http://localhost/mcp", { method: "POST", headers, body: JSON.stringify(body) }), token);
  return { send, handed, lines, lookups: () => lookups };
}

const list = { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} };
const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "get_session", arguments: {} } };

describe("the MCP endpoint", () => {
  it("answers a call that waits as a stream from the beginning, and no other [mcp.waits_stream]", async () => {
    const { send, handed } = setUp();
    const waitFor = { ...call, params: { name: "wait_for_session", arguments: {} } };
    for (const message of [waitFor, { ...call, params: { name: "execute_claude" } }, call, list]) await send(message);
    expect(handed.map(({ streams }) => streams)).toEqual([true, true, false, false]);
  });

  it("logs every repair by name [mcp.header_repair]", async () => {
    const { send, handed, lines } = setUp();
    await send(list, { "mcp-protocol-version": "2025-11-25, 2025-11-25" });
    expect(handed[0]?.request.headers.get("mcp-protocol-version")).toBe("2025-11-25");
    expect(JSON.parse(lines[0] ?? "{}")).toMatchObject({
      event: "mcp_request_repaired",
      repairs: ["protocol_version_doubled", "accept_incomplete"],
    });
  });

  it("repairs nothing when that is switched off [mcp.header_repair]", async () => {
    const { send, handed, lines } = setUp({ repairsHeaders: false });
    await send(list, { "mcp-protocol-version": "2025-11-25, 2025-11-25" });
    expect(handed[0]?.request.headers.get("mcp-protocol-version")).toBe("2025-11-25, 2025-11-25");
    expect(lines).toEqual([]);
  });

  it("looks the member up for calls on every request, and for lists not at all", async () => {
    const { send, handed, lookups } = setUp();
    await send(list);
    expect([lookups(), handed[0]?.facts.principal]).toEqual([0, null]);
    await send(call);
    await send(call);
    expect([lookups(), handed[1]?.facts.principal]).toEqual([2, principal]);
    expect(handed[1]?.facts.calledTools).toEqual(["get_session"]);
    expect(handed[1]?.body).toEqual(call);
  });

  it("hands nothing on for somebody who left the team", async () => {
    const { send, handed } = setUp({ member: null });
    expect((await send(call)).status).toBe(403);
    expect(handed).toEqual([]);
  });
});
