import { describe, expect, it } from "vitest";
import { permissionPolicySchema } from "../policy-schema.ts";
import { parseRule } from "./parse-rule.ts";

describe("parseRule", () => {
  it.each([
    "Read",
    "Bash",
    "Bash(*)",
    "Bash(git *)",
    "Bash(npm run test:*)",
    'Bash(git commit -m "*")',
    "Edit(src/**)",
    "Edit(//tmp/**)",
    "Read(~/.zshrc)",
    "Read(/docs/*.md)",
    "WebFetch(domain:example.com)",
    "WebFetch(domain:*.example.com)",
    "mcp__server",
    "mcp__server__tool",
    "mcp__server__*",
    "mcp__my-server_2__get-it",
    "Agent(Explore)",
    "Task",
    "Task(reviews:strict)",
    "*",
  ])("reads %s", (source) => {
    expect(parseRule(source)).toMatchObject({ ok: true, rule: { source } });
  });

  it.each([
    ["", "does not begin with a tool's name such as Read, Bash or mcp__server"],
    ["bash -c", "does not begin with a tool's name such as Read, Bash or mcp__server"],
    ["Bash(git *", "is not of the form Tool or Tool(argument)"],
    [" Bash", "is not of the form Tool or Tool(argument)"],
    ["Bash (git *)", "is not of the form Tool or Tool(argument)"],
    ["Bash(git *) ", "is not of the form Tool or Tool(argument)"],
    ["Bash()", "has empty brackets; leave them out to mean every call"],
    ["Bash(a && b)", "joins commands or redirects; a Bash rule names one simple command"],
    ["Bash(a | b)", "joins commands or redirects; a Bash rule names one simple command"],
    ["Bash(a > b)", "joins commands or redirects; a Bash rule names one simple command"],
    ["Bash(a $(b))", "joins commands or redirects; a Bash rule names one simple command"],
    ["Bash(rm $HOME)", "has a variable, which only running the command would tell"],
    ["Bash(npm:* test)", "has :* before its end; write * there"],
    ["Bash(a\nb)", "has characters that cannot be seen"],
    ["Bash(r\u200bm *)", "has characters that cannot be seen"],
    ["Write(src/**)", "has a path for Write; write Edit(…), which holds for all editing tools"],
    ["Grep(src/**)", "has a path for Grep; write Read(…), which holds for all reading tools"],
    ["Edit(!src)", "names a path that begins with !; rules have no exceptions, so write the other rule"],
    ["Edit(src/../x)", "names a path that has a .. in it; write the path that is meant"],
    ["Edit(src/{a,b})", "names a path that has one of [ ] { } ? \\; only * and ** are understood"],
    ["Edit(src/a**)", "names a path that has ** beside other characters of a name"],
    ["Edit(/)", "names a path that is empty; leave the brackets out to mean every file"],
    ["WebFetch(example.com)", "needs the form WebFetch(domain:example.com)"],
    ["WebFetch(domain:https://a.b)", "names a domain that is not a host name such as example.com or *.example.com"],
    ["WebFetch(domain:a.*.b)", "names a domain that is not a host name such as example.com or *.example.com"],
    ["WebFetch(domain:a.b:80)", "names a domain that is not a host name such as example.com or *.example.com"],
    ["mcp__server__tool(x)", "has an argument, and rules for MCP tools have none"],
    ["mcp__", "is not of the form mcp__server, mcp__server__tool or mcp__server__*"],
    ["mcp__a__get_*", "is not of the form mcp__server, mcp__server__tool or mcp__server__*"],
    ["Agent(a b)", "needs an agent's name, as in Agent(Explore)"],
    ["Agent(model:opus)", "needs an agent's name, as in Agent(Explore)"],
    ["WebSearch(x)", "has an argument, and rules for WebSearch have none"],
    [`Bash(${"x".repeat(500)})`, "is longer than 500 characters"],
  ])("refuses %j", (source, reason) => {
    expect(parseRule(source)).toEqual({ ok: false, reason });
  });
});

describe("permissionPolicySchema", () => {
  it("fills in the lists that are left out", () => {
    expect(permissionPolicySchema.parse({ forbidden: ["Bash"] })).toEqual({
      auto_approved: [],
      user_consent: [],
      forbidden: ["Bash"],
    });
  });

  it.each([
    [{ forbidden: ["Bash(a | b)"] }, "The rule joins commands or redirects; a Bash rule names one simple command."],
    [{ auto_approved: ["*"] }, "* and mcp__* cannot be approved; name the tools or the server."],
    [{ auto_approved: ["mcp__*"] }, "* and mcp__* cannot be approved; name the tools or the server."],
    [{ forbidden: Array.from({ length: 201 }, () => "Read") }, "A list has at most 200 rules."],
    [{ allow: ["Read"] }, 'Unrecognized key: "allow"'],
  ])("refuses %j", (policy, message) => {
    expect(permissionPolicySchema.safeParse(policy).error?.issues.map((issue) => issue.message)).toEqual([message]);
  });
});
