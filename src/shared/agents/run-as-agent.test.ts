import { describe, expect, it } from "vitest";
import { NOTHING_CONFIGURED } from "../configuration/materialise.ts";
import { widensAgent } from "./agent-kind.ts";
import { agentFieldsSchema, type PinnedAgent } from "./agent-schema.ts";
import { runAsAgent } from "./run-as-agent.ts";

function agentWith(fields: object = {}): PinnedAgent["agent"] {
  const empty = {
    description: "d",
    category: null,
    system_prompt: "p",
    default_task: null,
    model: "haiku",
    tools: null,
    policy: { auto_approved: [], user_consent: [], forbidden: [] },
    hooks: {},
    mcp_servers: null,
    skills: [],
    default_budget_usd: null,
  };
  const kept = { agent_id: "01a1ffc9-ee34-7539-85a7-09e624a3c789", source_url: null, source_commit: null };
  return { ...agentFieldsSchema.parse({ ...empty, ...fields }), ...kept };
}
const run = (fields: object, session = NOTHING_CONFIGURED) =>
  runAsAgent(session, { name: "a", version: 1, agent: agentWith(fields) }, "mark");
const policy = (rules: object) => ({ policy: { auto_approved: [], user_consent: [], forbidden: [], ...rules } });

describe("a session that runs as an agent", () => {
  it("has its rules beside all others, and its tools below every ceiling [agents.execute]", () => {
    const session = {
      ...NOTHING_CONFIGURED,
      gate: {
        ...NOTHING_CONFIGURED.gate,
        policies: [{ scope: "team" as const, ...policy({ forbidden: ["WebFetch"] }) }],
        ceiling: { permission_mode: "default" as const, allowed_tools: [["Read"]] },
      },
    };
    const { gate, sandbox } = run({ tools: ["Read", "Task"], ...policy({ forbidden: ["Bash"] }) }, session);
    expect(gate.policies.map(({ scope }) => scope)).toEqual(["team", "session"]);
    expect(gate.ceiling).toEqual({
      permission_mode: "default",
      allowed_tools: [["Read"], ["Read", "Task", "Agent", "StructuredOutput"]],
    });
    expect(sandbox.forbidden).toEqual(["Bash"]);
    expect(sandbox.inline_shell).toBe(false);
    expect(sandbox.settings).toEqual({ agent: "a-mark" });
    const [file] = sandbox.files;
    expect(file?.path).toBe("agents/a-mark.md");
    // The session's model counts, which the caller may have chosen.
    expect(file?.content).not.toContain("haiku");
  });

  it("keeps its shell where nothing speaks against it", () => {
    expect(run({}).sandbox.inline_shell).toBe(true);
    expect(run(policy({ user_consent: ["Bash"] })).sandbox.inline_shell).toBe(false);
    expect(run({}).gate.ceiling.allowed_tools).toEqual([]);
  });

  it("has of the session's servers those that it names, and its own hooks' addresses", () => {
    const server = { type: "http" as const, allowed_tools: null };
    const hooks = { Stop: [{ hooks: [{ type: "http", url: "https://hooks.example/x" }] }] };
    const session = {
      ...NOTHING_CONFIGURED,
      sandbox: { ...NOTHING_CONFIGURED.sandbox, mcp_servers: { a: server, b: server } },
    };
    const { sandbox, gate } = run({ mcp_servers: ["b", "c"], hooks }, session);
    expect(sandbox.mcp_servers).toEqual({ b: server });
    expect(sandbox.repository.mcp_servers).toBe(false);
    expect(gate.hook_urls).toEqual(["https://hooks.example/x"]);
    expect(run({}, session).sandbox.mcp_servers).toEqual({ a: server, b: server });
  });
});

describe("a change of an agent", () => {
  const hooks = { Stop: [{ hooks: [{ type: "command", command: "true" }] }] };
  const telling = { Notification: [{ hooks: [{ type: "command", command: "true" }] }] };
  const foreign = (fields: object) => ({ ...agentWith(fields), source_url: "https://github.com/o/r/blob/m/a" });
  it.each([
    ["words", agentWith(), agentWith({ system_prompt: "q" }), false],
    ["fewer tools", agentWith(), agentWith({ tools: ["Read"] }), false],
    ["a new one that forbids", null, agentWith(policy({ forbidden: ["Bash"] })), false],
    ["its end", agentWith(policy({ auto_approved: ["WebSearch"] })), null, false],
    ["the end of one that tells", agentWith({ hooks: telling }), null, false],
    ["the end of one from elsewhere", foreign({}), null, false],
    ["the end of one that forbids", agentWith(policy({ forbidden: ["Bash"] })), null, true],
    ["the end of one that asks", agentWith(policy({ user_consent: ["Bash"] })), null, true],
    ["the end of one that reads commands", agentWith(policy({ auto_approved: ["Bash(ls)"] })), null, true],
    ["the end of one that guards", agentWith({ hooks }), null, true],
    ["an approval", null, agentWith(policy({ auto_approved: ["Bash(ls)"] })), true],
    ["a prohibition less", agentWith(policy({ forbidden: ["Bash"] })), agentWith(), true],
    ["a hook", agentWith(), agentWith({ hooks }), true],
    ["words from elsewhere", null, foreign({}), true],
    ["other words from elsewhere", foreign({}), foreign({ system_prompt: "q" }), true],
    ["a budget of one from elsewhere", foreign({}), foreign({ default_budget_usd: 1 }), false],
  ])("that is %s takes a person: %#", (_what, before, after, widens) => {
    expect(widensAgent(before, after)).toBe(widens);
  });
});
