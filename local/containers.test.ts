import { describe, expect, it } from "vitest";
import { parseBridge, selectSandboxes } from "./containers.ts";

describe("what Docker says", () => {
  it("names this home's sandboxes and sidecars, and nobody else's", () => {
    const names = [
      "workerd-berth-abc-WorkspaceObject-01",
      "workerd-berth-abc-WorkspaceObject-01-proxy",
      "workerd-berth-abcd-WorkspaceObject-01",
      "my-workerd-berth-abc-1",
      "other",
      "",
    ];
    expect(selectSandboxes(names.join("\n"), "berth-abc")).toEqual(names.slice(0, 2));
  });

  it("gives the bridge's IPv4 address", () => {
    expect(parseBridge('[{"Subnet":"fd00::/64","Gateway":"fd00::1"},{"Gateway":"172.17.0.1"}]\n')).toBe("172.17.0.1");
  });

  it.each(["", "null", "[]", '[{"Subnet":"172.17.0.0/16"}]', "not json"])("has no bridge in %j", (output) => {
    expect(parseBridge(output)).toBeNull();
  });
});
