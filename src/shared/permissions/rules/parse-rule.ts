// Reads a permission rule in Claude Code's own syntax, `Tool` or `Tool(argument)`. What cannot be understood is refused:
// a rule that silently does nothing is worse than none.
import { compileCommandPattern } from "../bash/command-pattern.ts";
import { compileDomain } from "./domain-pattern.ts";
import { compilePathPattern } from "./path-pattern.ts";
import {
  AGENT_TOOLS,
  EDITING_TOOLS,
  type PermissionRule,
  READING_TOOLS,
  type RuleArgument,
} from "./permission-rule.ts";

export type RuleReading = { ok: true; rule: PermissionRule } | { ok: false; reason: string };
type ArgumentReading = { ok: true; argument: RuleArgument } | { ok: false; reason: string };

const ANY: RuleArgument = { kind: "any" };
const TOOL = /^[A-Za-z][A-Za-z0-9_-]{0,127}$/;
const MCP_TOOL = /^mcp__(?:\*|[A-Za-z0-9_-]*[A-Za-z0-9-](?:__\*)?)$/;
export const MAX_RULE_LENGTH = 500;

export function parseRule(source: string): RuleReading {
  if (source.length > MAX_RULE_LENGTH) return refuse(`is longer than ${MAX_RULE_LENGTH} characters`);
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]|\p{Cf}/u.test(source)) return refuse("has characters that cannot be seen");
  if (source === "*") return take(source, "*", ANY);
  const parts = /^([^()]*)(?:\((.*)\))?$/.exec(source);
  const tool = parts?.[1] ?? "";
  if (parts === null || tool.trim() !== tool) return refuse("is not of the form Tool or Tool(argument)");
  if (tool.startsWith("mcp__")) return parseMcpRule(source, tool, parts[2]);
  if (!TOOL.test(tool)) return refuse("does not begin with a tool's name such as Read, Bash or mcp__server");
  if (parts[2] === undefined) return take(source, tool, ANY);
  const reading = parseArgument(tool, parts[2].trim());
  return reading.ok ? take(source, tool, reading.argument) : reading;
}

/** `mcp__server` and `mcp__server__*` mean every tool of the server, `mcp__*` every server's. */
function parseMcpRule(source: string, tool: string, argument: string | undefined): RuleReading {
  if (argument !== undefined) return refuse("has an argument, and rules for MCP tools have none");
  if (!MCP_TOOL.test(tool)) return refuse("is not of the form mcp__server, mcp__server__tool or mcp__server__*");
  if (tool.endsWith("*")) return take(source, tool.slice(0, -1), ANY);
  return take(source, tool.slice(5).includes("__") ? tool : `${tool}__`, ANY);
}

function parseArgument(tool: string, text: string): ArgumentReading {
  if (text === "") return refuse("has empty brackets; leave them out to mean every call");
  if (text === "*") return { ok: true, argument: ANY };
  if (tool === "Bash") return parseCommandArgument(text);
  if (tool === "Read" || tool === "Edit") return parsePathArgument(text);
  if (EDITING_TOOLS.has(tool))
    return refuse(`has a path for ${tool}; write Edit(…), which holds for all editing tools`);
  if (READING_TOOLS.has(tool))
    return refuse(`has a path for ${tool}; write Read(…), which holds for all reading tools`);
  if (tool === "WebFetch") return parseDomainArgument(text);
  if (AGENT_TOOLS.has(tool)) return parseAgentArgument(text);
  return refuse(`has an argument, and rules for ${tool} have none`);
}

/** A command is taken apart before rules are held against it, so a rule that joins two would match nothing. */
function parseCommandArgument(text: string): ArgumentReading {
  if (/[|;&<>`]|\$\(/.test(text)) return refuse("joins commands or redirects; a Bash rule names one simple command");
  if (/[$]/.test(text)) return refuse("has a variable, which only running the command would tell");
  if (/:\*./.test(text)) return refuse("has :* before its end; write * there");
  return { ok: true, argument: { kind: "command", pattern: compileCommandPattern(text) } };
}

function parsePathArgument(text: string): ArgumentReading {
  const pattern = compilePathPattern(text);
  if (typeof pattern === "string") return refuse(`names a path that ${pattern}`);
  return { ok: true, argument: { kind: "path", pattern } };
}

function parseDomainArgument(text: string): ArgumentReading {
  if (!text.startsWith("domain:")) return refuse("needs the form WebFetch(domain:example.com)");
  if (text === "domain:*") return { ok: true, argument: ANY };
  const pattern = compileDomain(text.slice("domain:".length));
  if (typeof pattern === "string") return refuse(`names a domain that ${pattern}`);
  return { ok: true, argument: { kind: "domain", pattern } };
}

function parseAgentArgument(text: string): ArgumentReading {
  if (!/^[\w.-]+(?::[\w.-]+)?$/.test(text) || /^(?:model|isolation|prompt|description):/.test(text)) {
    return refuse("needs an agent's name, as in Agent(Explore)");
  }
  return { ok: true, argument: { kind: "agent", name: text } };
}

function take(source: string, tool: string, argument: RuleArgument): RuleReading {
  return { ok: true, rule: { source, tool, argument } };
}

function refuse(reason: string): { ok: false; reason: string } {
  return { ok: false, reason };
}
