import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import { ANSWERING_SCOPE, SCOPES } from "../../shared/teams/principal.ts";
import type { Tool } from "./define-tool.ts";
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

  it("has in the audit log what hands things out, beside what writes [audit.policy]", () => {
    const handingOut = TOOLS.filter(({ audited, annotations }) => audited && annotations.readOnlyHint);
    expect(handingOut.map(({ name }) => name).sort()).toEqual([
      "create_watch_link",
      "export_agent",
      "export_audit_log",
      "export_checkpoint",
      "export_session",
      "export_usage_report",
    ]);
    const exports = TOOLS.filter(({ name }) => name.startsWith("export_"));
    expect(exports.filter(({ audited }) => !audited)).toEqual([]);
  });

  it("stops things also while the audit log is away, and nothing else [audit.stopping]", () => {
    const [session_id, request_id, execution_id] = [1, 2, 3].map(() => crypto.randomUUID());
    const ids = { session_id, request_id };
    const args = { ...ids, execution_id, task_id: "task", pid: 1 };
    const pick = ({ input }: Tool) =>
      Object.fromEntries(Object.entries(args).filter(([name]) => name in input.shape && name !== "request_id"));
    const stopping = TOOLS.filter((tool) => tool.stops(pick(tool)));
    expect(stopping.map(({ name }) => name).sort()).toEqual([
      "cancel_agent_execution",
      "end_session",
      "interrupt_session",
      "kill_session_process",
      "stop_background_task",
    ]);
    const answering = TOOLS.find(({ name }) => name === "answer_permission");
    const decisions = ["allow_once", "allow_session", "deny", "answer"];
    const denying = decisions.filter((decision) => answering?.stops({ ...ids, decision }));
    expect(denying).toEqual(["deny"]);
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
    if (tool.scope === ANSWERING_SCOPE) expect(tool.toolset).toBe("permissions");
    else expect(tool.scope.endsWith(":write")).toBe(!tool.annotations.readOnlyHint);
  });

  it("is in the audit log when it writes [audit.policy]", () => {
    expect(tool.audited || tool.annotations.readOnlyHint).toBe(true);
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

/** Words by which an argument could give, or pass on, a person's consent. */
const CONSENT = /consent|approv|confirm|permission|allow|grant|answer|decision|form_token|proposal_id|request_id/i;

/** What such arguments are of the tools that any client may have: they ask, or narrow. */
const HARMLESS: Record<string, string> = {
  "execute_claude.allowed_tools": "narrows",
  "execute_claude.permission_mode": "cut to the ceiling",
  "set_session_permission_mode.permission_mode": "cut to the ceiling",
  "explain_permission.permission_mode": "asks only",
  "mcp_add.allowed_tools": "narrows what is used of the server, which is itself proposed",
  "mcp_update.allowed_tools": "a wider list is only proposed",
  "create_slash_command.allowed_tools": "a command that approves tools is only proposed",
  "update_slash_command.allowed_tools": "a command that approves tools is only proposed",
  "create_agent.policy.auto_approved": "only proposed",
  "create_agent.policy.user_consent": "narrows",
  "update_agent.policy.auto_approved": "only proposed",
  "update_agent.policy.user_consent": "narrows, and less of it is only proposed",
  "delegate_task.permission_mode": "cut to the ceiling",
  "code_generation.permission_mode": "cut to the ceiling",
  "code_review.permission_mode": "cut to the ceiling",
  "execute_agent.allowed_tools": "narrows",
  "execute_agent.permission_mode": "cut to the ceiling",
  "run_slash_command.allowed_tools": "narrows",
  "run_slash_command.permission_mode": "cut to the ceiling",
};

describe("no tool argument gives a person's consent [permissions.model]", () => {
  const listed = TOOLS.filter(({ scope }) => scope !== ANSWERING_SCOPE).flatMap((tool) =>
    listNames(tool.inputJson as Json).map((name) => `${tool.name}.${name}`),
  );

  it("but those of the scope that a person grants by hand", () => {
    const suspects = listed.filter((name) => CONSENT.test(name.slice(name.indexOf(".") + 1)));
    expect(suspects.sort()).toEqual(Object.keys(HARMLESS).sort());
  });

  it("and the tools that pass an answer on are shown to nobody who did not ask for them", () => {
    const answering = TOOLS.filter(({ scope }) => scope === ANSWERING_SCOPE);
    expect(answering.map(({ name }) => name).sort()).toEqual(["answer_permission", "list_pending_permissions"]);
    const shown = createExposures(TOOLS)(DEFAULT_TOOLSETS).tools;
    for (const { name } of answering) expect(shown.has(name)).toBe(false);
    // What holds for all projects is decided on the page alone.
    expect(JSON.stringify(answering.map((tool) => tool.inputJson))).not.toContain("allow_always");
  });

  it("and what changes rules goes through the service that makes a proposal of what widens", () => {
    const files = globSync("*/tools/*.ts", { cwd: `${import.meta.dirname}/..` }).filter(
      (path) => !path.endsWith(".test.ts"),
    );
    const texts = files.map((path) => [path, readFileSync(`${import.meta.dirname}/../${path}`, "utf8")] as const);
    const trusting = texts.filter(([, text]) => /changeAsPerson|addUserRule|proposals\.(?:confirm|refuse)/.test(text));
    expect(trusting.map(([path]) => path)).toEqual([]);
    const answering = texts.filter(([, text]) => /permissions\.answer\(/.test(text));
    expect(answering.map(([path]) => path)).toEqual(["permissions/tools/answer-permission.ts"]);
  });
});

function listNames(schema: Json): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => [
    name,
    ...listNames(inner).map((below) => `${name}.${below}`),
  ]);
}
