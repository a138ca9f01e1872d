import { globSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import { SCOPES } from "../../shared/teams/principal.ts";
import { createExposures } from "./exposure.ts";
import { INSTRUCTIONS } from "./instructions.ts";
import { TOOLS } from "./registry.ts";
import { DEFAULT_TOOLSETS, TOOLSETS } from "./toolsets.ts";

type Json = { type?: string; properties?: Record<string, Json>; description?: string } & Record<string, unknown>;

const byName = TOOLS.map((tool) => [tool.name, tool] as const);

describe("the registry", () => {
  it("holds exactly the tools that have a file, one file per tool [mcp.tool_policy]", () => {
    const files = globSync("*/tools/*.ts", { cwd: `${import.meta.dirname}/..` })
      .filter((path) => !path.endsWith(".test.ts"))
      .map((path) => basename(path, ".ts").replaceAll("-", "_"));
    expect(new Set(files)).toEqual(new Set(TOOLS.map((tool) => tool.name)));
  });

  it("names every tool once", () => {
    expect(new Set(TOOLS.map((tool) => tool.name)).size).toBe(TOOLS.length);
  });

  it("shows few tools by default and all of them under `all` [mcp.toolsets]", () => {
    const expose = createExposures(TOOLS);
    expect(expose(TOOLSETS).listing.length).toBe(TOOLS.length);
    expect(expose(DEFAULT_TOOLSETS).listing.length).toBeLessThanOrEqual(15);
    expect(JSON.stringify(expose(DEFAULT_TOOLSETS).listing).length).toBeLessThan(40_000);
  });

  it("has instructions that Claude Code does not cut", () => {
    expect(INSTRUCTIONS.length).toBeLessThan(2048);
  });
});

describe.each(byName)("the tool %s", (_name, tool) => {
  const input = tool.inputJson as Json;
  const output = tool.outputJson as Json;

  it("has a short snake_case name, a title and a description that clients show whole", () => {
    expect(tool.name).toMatch(/^[a-z]+(?:_[a-z]+)*$/);
    expect(tool.name.length).toBeLessThanOrEqual(64);
    expect(tool.title).not.toBe("");
    expect(tool.description.length).toBeGreaterThan(20);
    expect(tool.description.length).toBeLessThan(2048);
  });

  it("sets all four hints, and no reading tool is destructive", () => {
    const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = tool.annotations;
    for (const hint of [readOnlyHint, destructiveHint, idempotentHint, openWorldHint])
      expect(typeof hint).toBe("boolean");
    expect(readOnlyHint && destructiveHint).toBe(false);
  });

  it("asks for a scope that exists, and for a writing one exactly when it writes", () => {
    expect(SCOPES).toContain(tool.scope);
    expect(tool.scope.endsWith(":write")).toBe(!tool.annotations.readOnlyHint);
  });

  it("describes every parameter and takes no others", () => {
    expect(input.type).toBe("object");
    expect(input["additionalProperties"]).toBe(false);
    for (const [name, schema] of Object.entries(input.properties ?? {})) {
      expect(schema.description, `${tool.name}.${name}`).toMatch(/\S{3}/);
    }
  });

  it("has plain objects as schemas, without unions at the top", () => {
    expect(output.type).toBe("object");
    for (const schema of [input, output]) {
      for (const union of ["anyOf", "oneOf", "allOf"]) expect(schema).not.toHaveProperty(union);
    }
  });
});
