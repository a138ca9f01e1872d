import { describe, expect, it } from "vitest";
import { exportAgent } from "../../shared/agents/export-agent.ts";
import { type Agent, agentFieldsSchema } from "../../shared/agents/agent-schema.ts";
import { createGuardedFetch } from "../outbound/guarded-fetch.ts";
import { createAgentFiles } from "./agent-files.ts";
import { createAgentFileFetch } from "./fetch-agent-file.ts";
import { readAgentFile } from "./read-agent-file.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const URL_OF_FILE = "https://github.com/o/r/blob/main/.claude/agents/reviewer.md";
const MARKDOWN = `---
name: Code Reviewer
description: "Reviews.\\nExample: <example>x</example>"
tools: Read, Grep
disallowedTools: [Bash]
model: inherit
color: green
permissionMode: bypassPermissions
---
You review.
`;

/** The web as far as an import asks it; anything else is unreachable. */
function web(pages: Record<string, Response | (() => Response)>) {
  const asked: string[] = [];
  const guarded = createGuardedFetch({
    rules: { allowLoopback: false, ownOrigin: "https://berth.example" },
    resolve: async (name) => (name === "private.example" ? ["10.0.0.1"] : ["140.82.112.3"]),
    async fetch(url) {
      asked.push(url);
      const page = pages[url];
      if (page === undefined) return new Response("not here", { status: 404 });
      return typeof page === "function" ? page() : page.clone();
    },
  });
  return { files: createAgentFiles(createAgentFileFetch(guarded)), asked };
}

const API = "https://api.github.com/repos/o/r/commits/main";
const RAW = `https://raw.githubusercontent.com/o/r/${COMMIT}/.claude/agents/reviewer.md`;

describe("an agent's file", () => {
  it("is read from GitHub as it is in the commit that the branch is now [agents.import]", async () => {
    const { files, asked } = web({ [API]: new Response(`${COMMIT}\n`), [RAW]: new Response(MARKDOWN) });
    const { file, source } = await files.read(URL_OF_FILE, null);
    expect(asked).toEqual([API, RAW]);
    expect(source).toEqual({ source_url: URL_OF_FILE, source_commit: COMMIT });
    expect(file).toEqual({
      name: "code-reviewer",
      fields: {
        description: "Reviews.\nExample: <example>x</example>",
        system_prompt: "You review.\n",
        tools: ["Read", "Grep"],
        policy: { auto_approved: [], user_consent: [], forbidden: ["Bash"] },
        category: undefined,
        model: undefined,
        skills: undefined,
        mcp_servers: undefined,
        hooks: undefined,
      },
      notes: ['The field "permissionMode" of the file counts for nothing here.'],
    });
  });

  it("needs no question where the link names the commit [agents.import]", async () => {
    const { files, asked } = web({ [RAW]: new Response(MARKDOWN) });
    await files.read(`https://raw.githubusercontent.com/o/r/${COMMIT}/.claude/agents/reviewer.md`, null);
    expect(asked).toEqual([RAW]);
  });

  it.each([
    ["http://github.com/o/r/blob/main/a.md", "address_refused"],
    ["https://169.254.169.254/o/r/blob/main/a.md", "address_refused"],
    ["https://private.example/o/r/blob/main/a.md", "address_refused"],
    ["https://localhost/o/r/blob/main/a.md", "address_refused"],
    ["https://github.com.evil.example/o/r/blob/main/a.md", "address_refused"],
    ["https://user@github.com/o/r/blob/main/a.md", "address_refused"],
    ["https://github.com/o/r", "address_refused"],
    ["https://github.com/o/r/tree/main/agents", "address_refused"],
    ["https://github.com/o/r/blob/main/%2e%2e/%2e%2e/x", "address_refused"],
    ["https://github.com/o/r/blob/other/a.md", "agent_refused"],
  ])("is not fetched from %s [agents.import]", async (url, code) => {
    const { files, asked } = web({});
    await expect(files.read(url, null)).rejects.toMatchObject({ code });
    expect(asked.every((one) => new URL(one).hostname === "api.github.com")).toBe(true);
  });

  it("is not followed in circles, to private places, or beyond its size [agents.import]", async () => {
    const to = (location: string) => new Response(null, { status: 302, headers: { location } });
    const looping = web({ [API]: to(API) });
    await expect(looping.files.read(URL_OF_FILE, null)).rejects.toThrow("redirects too often");
    expect(looping.asked.length).toBeLessThan(6);
    const inwards = web({ [API]: to("https://private.example/") });
    await expect(inwards.files.read(URL_OF_FILE, null)).rejects.toMatchObject({ code: "address_refused" });
    expect(inwards.asked).toEqual([API]);
    const huge = web({ [API]: new Response(COMMIT), [RAW]: new Response("x".repeat(600 * 1024)) });
    await expect(huge.files.read(URL_OF_FILE, null)).rejects.toMatchObject({ code: "address_unreachable" });
    const page = web({ [API]: new Response("<html>") });
    await expect(page.files.read(URL_OF_FILE, null)).rejects.toMatchObject({ code: "agent_refused" });
    await expect(page.files.read(URL_OF_FILE, "text too")).rejects.toMatchObject({ code: "invalid_argument" });
    await expect(page.files.read(null, null)).rejects.toMatchObject({ code: "invalid_argument" });
  });

  it("may be opcode's [agents.import]", () => {
    const hooks = { PreToolUse: [{ hooks: [{ type: "command", command: "true" }] }] };
    const agent = { name: "Git Bot!", icon: "bot", system_prompt: "Commit.", default_task: "Push.", model: "sonnet" };
    const text = JSON.stringify({ version: 1, exported_at: "2026", agent: { ...agent, hooks: JSON.stringify(hooks) } });
    expect(readAgentFile(text)).toEqual({
      name: "git-bot",
      fields: { description: "Git Bot!", system_prompt: "Commit.", default_task: "Push.", model: "sonnet", hooks },
      notes: [],
    });
  });

  it.each([
    ["{", "no valid JSON"],
    ["{}", "no .opcode.json"],
    ['{"version":2,"agent":{}}', "version"],
    ['{"version":1,"agent":{"name":"a","system_prompt":"b","hooks":"{"}}', "hooks that are no valid JSON"],
    ["Just text.", "neither a name nor a description"],
    ["---\n- a\n---\nx", "no YAML"],
    ["---\nname: a\ntools: 5\n---\nx", "neither a text nor a list"],
    ["<!doctype html><title>404</title>", "neither a name nor a description"],
  ])("that is malformed is refused with the reason: %j [agents.import]", (text, reason) => {
    expect(() => readAgentFile(text)).toThrow(reason);
  });
});

describe("an exported agent", () => {
  const fields = agentFieldsSchema.parse({
    description: "Reviews.\nWell.",
    category: "quality",
    system_prompt: "---\nfields: here\n---\nYou review.",
    default_task: "Review.",
    model: "sonnet",
    tools: ["Read", "Grep"],
    policy: { auto_approved: [], user_consent: [], forbidden: ["Write", "Bash(rm *)"] },
    hooks: { Stop: [{ hooks: [{ type: "command", command: "true" }] }] },
    mcp_servers: null,
    skills: ["notes"],
    default_budget_usd: 2,
  });
  const agent: Agent = {
    ...fields,
    agent_id: "01a1ffc9-ee34-7539-85a7-09e624a3c789",
    source_url: null,
    source_commit: null,
  };

  it("is read again as what it was, as far as its format goes [agents.export]", () => {
    const exported = exportAgent("reviewer", agent, "claude_code", "now");
    expect(exported).toMatchObject({ file_name: "reviewer.md", media_type: "text/markdown" });
    const { name, fields: again } = readAgentFile(exported.content);
    expect(name).toBe("reviewer");
    const { description, system_prompt, model, tools, skills } = agent;
    expect(again).toMatchObject({ description, system_prompt, model, tools, skills, policy: { forbidden: ["Write"] } });
    expect(exported.left_out).toEqual([
      "rules of the permission policy",
      "hooks",
      "the category",
      "the budget",
      "the default task",
    ]);
  });

  it("is opcode's file where that is wanted [agents.export]", () => {
    const exported = exportAgent("reviewer", agent, "opcode", "2026-11-21T00:00:00.000Z");
    const { fields: again } = readAgentFile(exported.content);
    const { system_prompt, default_task, model, hooks } = agent;
    expect(again).toEqual({ description: "reviewer", system_prompt, default_task, model, hooks });
    expect(exported.left_out).toContain("the list of tools");
  });
});
