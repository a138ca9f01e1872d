import { describe, expect, it } from "vitest";
import { checkChange } from "../configuration/item.ts";
import { liftSecrets } from "./lift-secrets.ts";
import { readPastedServers, readServerJson } from "./read-pasted.ts";
import { materialiseServers } from "./sandbox-server.ts";
import { type McpServer, mcpServerSchema, serverNameSchema } from "./server-schema.ts";
import { isWideningServer } from "./server-widening.ts";

const http = (more: object = {}): McpServer =>
  mcpServerSchema.parse({ type: "http", url: "https://mcp.example.com/mcp", ...more });
const never = (): boolean => false;

describe("a pasted file", () => {
  it("of Claude Desktop is read entry by entry, and says why one is left out [servers.pasted]", () => {
    const read = readPastedServers(
      JSON.stringify({
        globalShortcut: "Ctrl+Space",
        mcpServers: {
          files: { command: "npx", args: ["-y", "@modelcontextprotocol/server-filesystem", "/workspace"] },
          linear: { type: "http", url: "https://mcp.linear.app/mcp" },
          old: { type: "sse", url: "https://mcp.example.com/sse", headers: { Authorization: "Bearer abcdef" } },
          streamable: { type: "streamable-http", url: "https://mcp.example.com/mcp" },
          bare: { url: "https://mcp.example.com/mcp" },
          off: { command: "true", disabled: true },
          github: { command: "docker", env: { GITHUB_PERSONAL_ACCESS_TOKEN: "ghp_0123456789" } },
          "my server": { command: "true" },
          claude_ai: { command: "true" },
          socket: { type: "ws", url: "wss://example.com" },
          empty: {},
          text: "npx",
        },
      }),
    );
    const taken = read!.flatMap((one) => ("server" in one ? [[one.name, one.server.type, one.server.enabled]] : []));
    expect(taken).toEqual([
      ["files", "stdio", true],
      ["linear", "http", true],
      ["old", "sse", true],
      ["streamable", "http", true],
      ["bare", "http", true],
      ["off", "stdio", false],
    ]);
    const skipped = Object.fromEntries(read!.flatMap((one) => ("why" in one ? [[one.name, one.why]] : [])));
    expect(skipped["github"]).toContain("GITHUB_PERSONAL_ACCESS_TOKEN");
    expect(skipped["github"]).not.toContain("ghp_");
    expect(skipped["my server"]).toContain("letters, digits");
    expect(skipped["claude_ai"]).toContain("keeps for itself");
    for (const name of ["socket", "empty", "text"]) expect(skipped[name], name).toMatch(/^It is/);
  });

  it("may be .mcp.json, another editor's, or the servers alone", () => {
    const entry = { type: "stdio", command: "node", args: ["server.js"] };
    for (const file of [{ mcpServers: { one: entry } }, { servers: { one: entry } }, { one: entry }]) {
      expect(readPastedServers(JSON.stringify(file))).toMatchObject([{ name: "one", server: { command: "node" } }]);
    }
    for (const text of ["", "[]", "nonsense", "null", '"x"']) expect(readPastedServers(text)).toBeNull();
    expect(readServerJson("one", JSON.stringify(entry))).toMatchObject({ server: { type: "stdio" } });
    expect(readServerJson("one", "{")).toMatchObject({ why: "It is no JSON object." });
  });
});

describe("a server's name", () => {
  it.each(["linear", "my-server_2", "A"])("may be %s", (name) => {
    expect(serverNameSchema.safeParse(name).success).toBe(true);
  });
  it.each(["", "a b", "a.b", "ä", "../x", "a__b", "claude-in-chrome", "ide", "x".repeat(65), "workspace"])(
    "may not be %j",
    (name) => expect(serverNameSchema.safeParse(name).success).toBe(false),
  );
});

describe("a definition", () => {
  it.each([
    { type: "http", url: "https://${secret:HOST}/mcp" },
    { type: "http", url: "https://a.${secret:HOST}.com/mcp" },
    { type: "http", url: "https://example.com/${HOME}" },
    { type: "http", url: "https://example.com/", headers: { Host: "x" } },
    { type: "http", url: "https://example.com/", headers: { "Mcp-Session-Id": "x" } },
    { type: "http", url: "https://example.com/", headers: { Cookie: "x" } },
    { type: "http", url: "https://example.com/", headers: { "X-A": "a\r\nX-B: b" } },
    { type: "http", url: "https://example.com/", headers: { "X-A": "${env:KEY}" } },
    { type: "stdio", command: "" },
    { type: "stdio", command: "a\u0000b" },
    { type: "stdio", command: "a", env: { "A=B": "c" } },
  ])("is refused: %j", (value) => {
    expect(mcpServerSchema.safeParse(value).success).toBe(false);
  });

  it("keeps its references in path, query and headers", () => {
    const url = "https://example.com/${secret:A}/mcp?key=${secret:B}";
    expect(mcpServerSchema.safeParse({ type: "sse", url, headers: { "X-A": "v1 ${secret:C}" } }).success).toBe(true);
  });
});

describe("secrets in a definition", () => {
  it("are taken out of headers, query and path, and references stand in their place [secrets.lifted]", () => {
    const url = "https://hooks.example.com/api/s/a1B2c3D4e5F6g7H8i9J0kk/mcp?api_key=k%20v&page=2&x=${secret:KEPT}";
    const headers = {
      Authorization: "Bearer tok-1",
      "X-Api-Key": "plain",
      "X-Version": "2",
      "X-Kept": "${secret:KEPT}",
    };
    const lifted = liftSecrets("my-hook", http({ url, headers }), (name) => name === "MY_HOOK_X_API_KEY");
    expect(lifted.server).toMatchObject({
      url: "https://hooks.example.com/api/s/${secret:MY_HOOK_PATH}/mcp?api_key=${secret:MY_HOOK_API_KEY}&page=2&x=${secret:KEPT}",
      headers: {
        Authorization: "Bearer ${secret:MY_HOOK_AUTHORIZATION}",
        "X-Api-Key": "${secret:MY_HOOK_X_API_KEY_2}",
        "X-Version": "2",
        "X-Kept": "${secret:KEPT}",
      },
    });
    expect(lifted.secrets).toEqual([
      { name: "MY_HOOK_AUTHORIZATION", value: "tok-1" },
      { name: "MY_HOOK_X_API_KEY_2", value: "plain" },
      { name: "MY_HOOK_PATH", value: "a1B2c3D4e5F6g7H8i9J0kk" },
      { name: "MY_HOOK_API_KEY", value: "k v" },
    ]);
    expect(liftSecrets("my-hook", lifted.server, never).secrets).toEqual([]);
  });

  it("leave addresses without any as they are", () => {
    for (const url of [
      "https://mcp.linear.app/mcp",
      "https://mcp.example.com/v1/servers/search?tools=a,b",
      "https://example.com",
    ]) {
      expect(liftSecrets("x", http({ url }), never)).toEqual({ server: http({ url }), secrets: [] });
    }
  });

  it("are never kept in configuration in clear, whoever wrote the item [secrets.lifted]", () => {
    const check = (value: unknown) => checkChange({ scope: "user" }, { kind: "mcp_server", name: "x", value });
    expect(check(http({ headers: { Authorization: "Bearer tok-1" } }))).toMatchObject({ ok: false });
    expect(check(http({ headers: { Authorization: "Bearer ${secret:A}" } }))).toMatchObject({ ok: true });
    expect(check({ type: "stdio", command: "x", env: { API_KEY: "k" } })).toMatchObject({ ok: false });
  });

  it.each([
    { env: { API_KEY: "x" } },
    { env: { X: "${secret:A}" } },
    { env: { DATABASE_URL: "postgres://user:word@db.example.com/x" } },
    { env: { X: "sk-ant-api03-abc" } },
    { args: ["--token", "abc"] },
    { args: ["--api-key=abc"] },
    { args: ["${secret:A}"] },
    { args: ["https://user:word@example.com/x"] },
    { args: ["mcp-remote", "https://x.example.com", "--header", "Authorization: Bearer abc"] },
  ])("are not given to a program in the sandbox: %j [secrets.stdio_refused]", (more) => {
    const read = readServerJson("x", JSON.stringify({ command: "npx", ...more }));
    expect(read).toMatchObject({ why: expect.stringContaining("inside the sandbox") });
  });

  it("are not seen in plain values", () => {
    for (const more of [
      { env: { LOG_LEVEL: "debug", API_KEY: "" } },
      { args: ["-y", "@scope/server-keyboard", "/workspace"] },
    ])
      expect(readServerJson("x", JSON.stringify({ command: "npx", ...more }))).toHaveProperty("server");
  });
});

describe("a change of a server", () => {
  const some = http({ allowed_tools: ["a", "b"] });
  it.each([
    ["a new one", null, http(), true],
    ["another address", http(), http({ url: "https://other.example.com/" }), true],
    ["another header", http(), http({ headers: { "X-A": "${secret:A}" } }), true],
    ["more tools", some, http({ allowed_tools: ["a", "b", "c"] }), true],
    ["all tools", some, http(), true],
    ["switched on", http({ enabled: false }), http(), true],
    [
      "another program",
      mcpServerSchema.parse({ type: "stdio", command: "a" }),
      mcpServerSchema.parse({ type: "stdio", command: "b" }),
      true,
    ],
    ["removed", http(), null, false],
    ["removed, where it was switched off and hid a wider scope's", http({ enabled: false }), null, true],
    ["removed, where it had fewer tools than a wider scope's may have", some, null, true],
    ["fewer tools", some, http({ allowed_tools: ["a"] }), false],
    ["some tools", http(), some, false],
    ["switched off", http(), http({ enabled: false }), false],
    ["switched off, with another address", http(), http({ enabled: false, url: "https://other.example.com/" }), true],
    ["a new one that is switched off", null, http({ enabled: false }), true],
    ["none", http(), http(), false],
  ] as const)("widens or not: %s [servers.proposal]", (_, before, after, widens) => {
    expect(isWideningServer(before, after)).toBe(widens);
  });
});

describe("what the sandbox is told", () => {
  it("names servers that are switched off, and nothing where there are none [servers.off]", () => {
    const items = [
      { name: "on", value: http() },
      { name: "off", value: http({ enabled: false }) },
    ];
    expect(materialiseServers(items)).toEqual({
      mcp_servers: { on: { type: "http", allowed_tools: null } },
      mcp_servers_off: ["off"],
    });
    expect(Object.keys(materialiseServers(items.slice(0, 1)))).toEqual(["mcp_servers"]);
    expect(materialiseServers([])).toEqual({});
  });
});
