import { describe, expect, it } from "vitest";
import type { ScopedItem } from "../configuration/item.ts";
import { mergeConfiguration } from "../configuration/merge.ts";
import { readBuiltInServers, withBuiltIn } from "./built-in-servers.ts";

const url = "https://mcp.example.com/mcp";
const own = (scope: ScopedItem["scope"], name = "given"): ScopedItem => {
  return { scope, kind: "mcp_server", name, value: { type: "http", url: `https://${scope}.example.com/` } };
};

describe("servers that every team has", () => {
  it("are read in the form of .mcp.json, and wrong ones stop the start [servers.built_in]", () => {
    expect(readBuiltInServers("{}")).toEqual({});
    const file = { mcpServers: { docs: { type: "http", url } } };
    expect(readBuiltInServers(JSON.stringify(file))).toMatchObject({ docs: { url } });
    for (const text of ["", "[]", '{"a b":{"url":"https://example.com"}}', '{"a":{"type":"ws"}}']) {
      expect(() => readBuiltInServers(text), text).toThrow();
    }
    const secret = JSON.stringify({ docs: { type: "http", url, headers: { Authorization: "Bearer the-secret-1" } } });
    expect(() => readBuiltInServers(secret)).toThrow(/has a secret in docs/);
    expect(() => readBuiltInServers(secret)).not.toThrow(/the-secret-1/);
  });

  it("are wider than the team: whoever has one of that name takes its place [servers.built_in]", () => {
    const builtIn = readBuiltInServers(JSON.stringify({ given: { type: "http", url } }));
    const winner = (...items: ScopedItem[]) =>
      mergeConfiguration(withBuiltIn(items, builtIn)).items.find(({ name }) => name === "given")?.value;
    expect(winner()).toMatchObject({ url });
    expect(winner(own("user", "other"))).toMatchObject({ url });
    for (const scope of ["team", "user", "project", "session"] as const) {
      expect(winner(own(scope)), scope).toMatchObject({ url: `https://${scope}.example.com/` });
    }
    expect(winner(own("team"), own("session"))).toMatchObject({ url: "https://session.example.com/" });
  });
});
