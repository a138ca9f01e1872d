import { describe, expect, it } from "vitest";
import { judgeForward, selectHeaders } from "./request-policy.ts";

describe("the forwarder's policy [forwarder.routes]", () => {
  it.each([
    ["HEAD", "/model"],
    ["HEAD", "/model/"],
    ["POST", "/model/v1/messages?beta=true"],
    ["POST", "/model/v1/messages/count_tokens"],
    ["GET", "/model/v1/models"],
    ["POST", "/runner/wake"],
    ["PUT", `/runner/packs/${"0a".repeat(32)}`],
    ["PUT", "/runner/packs"],
    ["GET", `/runner/packs/${"0a".repeat(32)}`],
    ["PUT", "/runner/exports/01890000-0000-7000-8000-000000000001"],
    ["POST", "/mcp-proxy/01890000-0000-7000-8000-000000000001/linear"],
    ["GET", "/mcp-proxy/01890000-0000-7000-8000-000000000001/my-server_2"],
    ["DELETE", "/mcp-proxy/01890000-0000-7000-8000-000000000001/linear"],
    ["POST", "/mcp-proxy/01890000-0000-7000-8000-000000000001/linear?endpoint=v1.a.b.c"],
  ])("passes %s %s", (method, target) => {
    expect(judgeForward(method, target)).toEqual({ pass: true, target });
  });

  it.each([
    ["GET", "/"],
    ["GET", "/mcp"],
    ["POST", "/mcp"],
    ["GET", "/authorize"],
    ["POST", "/token"],
    ["POST", "/register"],
    ["GET", "/health"],
    ["GET", "/.well-known/oauth-protected-resource/mcp"],
    ["GET", "/runner/wake"],
    ["POST", "/runner/wake/"],
    ["POST", "/runner/other"],
    ["GET", "/runner/packs"],
    ["GET", "/runner/packs/"],
    ["GET", `/runner/packs/${"0a".repeat(31)}`],
    ["GET", `/runner/packs/${"0A".repeat(32)}`],
    ["GET", `/runner/packs/${"0a".repeat(32)}/../../mcp`],
    ["DELETE", `/runner/packs/${"0a".repeat(32)}`],
    ["POST", `/runner/packs/${"0a".repeat(32)}`],
    ["GET", "/runner/exports/01890000-0000-7000-8000-000000000001"],
    ["PUT", "/runner/exports/x"],
    ["GET", "/mcp-proxy"],
    ["PUT", "/mcp-proxy/01890000-0000-7000-8000-000000000001/linear"],
    ["GET", "/mcp-proxy/x/linear"],
    ["GET", "/mcp-proxy/01890000-0000-7000-8000-000000000001/linear/more"],
    ["GET", "/mcp-proxy/01890000-0000-7000-8000-000000000001/../../mcp"],
    ["GET", "/mcp-servers/client-metadata"],
    ["GET", "/secrets/user/01890000-0000-7000-8000-000000000001"],
    ["GET", "/models"],
    ["GET", "/modelx/y"],
    ["GET", "/MODEL/v1"],
    ["GET", "/model/../mcp"],
    ["GET", "/model/./../mcp"],
    ["GET", "/model/.."],
    ["GET", "/model/%2e%2e/mcp"],
    ["GET", "/model%2f..%2fmcp"],
    ["GET", "/model/..%2fmcp"],
    ["GET", "/model\\..\\mcp"],
    ["GET", "/model//mcp"],
    ["GET", "//model/v1"],
    ["GET", "//127.0.0.1/mcp"],
    ["GET", "/model/v1#/../../mcp"],
    ["GET", "/model/v1?x#y"],
    ["GET", "/model/v1;/../mcp"],
    ["GET", "/model/v1 /mcp"],
    ["GET", "/model/v1\r\nX: y"],
    ["GET", "/model/\u0000"],
    ["GET", "http://localhost/mcp"],
    ["GET", "http://localhost/model/v1"],
    ["GET", "model/v1"],
    ["OPTIONS", "*"],
    ["CONNECT", "localhost:8787"],
    ["CONNECT", "/model/v1"],
    ["TRACE", "/model/v1"],
    ["PURGE", "/model/v1"],
    ["POST", ""],
    ["POST", `/model/${"a".repeat(5000)}`],
  ])("stops %s %j", (method, target) => {
    expect(judgeForward(method, target)).toEqual({ pass: false });
  });

  it("drops headers that belong to one connection, name a host or claim where a request comes from", () => {
    const raw = [
      "Host",
      "localhost",
      "Connection",
      "close, X-Secret",
      "X-Secret",
      "1",
      "Transfer-Encoding",
      "chunked",

      "Upgrade",
      "websocket",
      "CF-Connecting-IP",
      "127.0.0.1",
      "X-Forwarded-For",
      "127.0.0.1",
      "Forwarded",
      "for=x",
      "Expect",
      "100-continue",
      "Authorization",
      "Bearer t",
      "anthropic-beta",
      "a",
      "anthropic-beta",
      "b",
    ];
    expect(selectHeaders(raw)).toEqual([
      ["Authorization", "Bearer t"],
      ["anthropic-beta", "a"],
      ["anthropic-beta", "b"],
    ]);
  });

  it("keeps the content length even where Connection names it", () => {
    expect(selectHeaders(["Connection", "content-length", "Content-Length", "3"])).toEqual([["Content-Length", "3"]]);
  });
});
