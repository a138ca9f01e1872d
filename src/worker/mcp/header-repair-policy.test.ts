import { describe, expect, it } from "vitest";
import { repairHeaders } from "./header-repair-policy.ts";

const ACCEPT = "application/json, text/event-stream";
const legacyBody = { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} };
const modernBody = {
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name: "get_session", _meta: { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } },
};

function repair(headers: Record<string, string>, body: unknown, pathname = "/mcp") {
  return repairHeaders({ pathname, headers: new Headers({ accept: ACCEPT, ...headers }), body });
}

describe("header repair", () => {
  it("leaves right requests of both eras alone", () => {
    expect(repair({ "mcp-protocol-version": "2025-11-25" }, legacyBody).repairs).toEqual([]);
    const modern = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "get_session" };
    expect(repair(modern, modernBody).repairs).toEqual([]);
  });

  it("believes the body when the header names an older revision, and adds the routing headers [mcp.header_repair]", () => {
    const { repairs, headers } = repair({ "mcp-protocol-version": "2025-11-25" }, modernBody);
    expect(repairs).toEqual(["protocol_version_older_than_body"]);
    expect(headers.get("mcp-protocol-version")).toBe("2026-07-28");
    expect(headers.get("mcp-method")).toBe("tools/call");
    expect(headers.get("mcp-name")).toBe("get_session");
  });

  it("does not overrule routing headers that contradict the body", () => {
    const { headers } = repair({ "mcp-protocol-version": "2025-11-25", "mcp-name": "other" }, modernBody);
    expect(headers.get("mcp-name")).toBe("other");
  });

  it("does not guess for a header that names no known revision", () => {
    expect(repair({ "mcp-protocol-version": "1999-01-01" }, modernBody).repairs).toEqual([]);
    expect(repair({}, modernBody).repairs).toEqual([]);
  });

  it("treats a request without an envelope as one of 2025", () => {
    const { repairs, headers } = repair({ "mcp-protocol-version": "2026-07-28" }, legacyBody);
    expect(repairs).toEqual(["protocol_version_without_envelope"]);
    expect(headers.get("mcp-protocol-version")).toBe("2025-11-25");
  });

  it("leaves a notification without an envelope in its era", () => {
    const notification = { jsonrpc: "2.0", method: "notifications/cancelled", params: {} };
    expect(repair({ "mcp-protocol-version": "2026-07-28" }, notification).repairs).toEqual([]);
  });

  it("reads a header that was sent twice once, and repairs on from there", () => {
    const { repairs, headers } = repair({ "mcp-protocol-version": "2025-11-25, 2025-11-25" }, modernBody);
    expect(repairs).toEqual(["protocol_version_doubled", "protocol_version_older_than_body"]);
    expect(headers.get("mcp-protocol-version")).toBe("2026-07-28");
    expect(repair({ "mcp-protocol-version": "2025-11-25, 2025-06-18" }, legacyBody).repairs).toEqual([]);
  });

  it("completes Accept and takes the path with a slash", () => {
    const { repairs, headers } = repair({ accept: "*/*" }, legacyBody, "/mcp/");
    expect(repairs).toEqual(["accept_incomplete", "path_slash"]);
    expect(headers.get("accept")).toBe(ACCEPT);
  });

  it("survives bodies of every shape", () => {
    for (const body of [null, 1, "text", [], [legacyBody], {}, { params: null }]) {
      expect(repair({ "mcp-protocol-version": "2026-07-28" }, body).headers.get("accept")).toBe(ACCEPT);
    }
  });
});
