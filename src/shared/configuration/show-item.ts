// An item's value as a person reads it before they agree: files as files, hooks with what cannot be told of them.
import { agentFile } from "../agents/agent-kind.ts";
import { agentSchema } from "../agents/agent-schema.ts";
import { commandFile } from "../commands/command-kind.ts";
import { commandSchema } from "../commands/command-schema.ts";
import { hooksConfigSchema } from "../hooks/hook-schema.ts";
import { hooksDoubts } from "../hooks/hooks-kind.ts";
import { type Skill, type SkillFile, skillSchema } from "../skills/skill-schema.ts";

/** Line by line, so that two values can be held against each other. Empty for none. */
export function showItem(kind: string, name: string, value: unknown): string {
  if (value === null) return "";
  const shown = SHOW[kind]?.(name, value) ?? null;
  if (shown !== null) return shown;
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

/** Null for a value that is not of the known form. */
const SHOW: Record<string, (name: string, value: unknown) => string | null> = {
  hooks(_name, value) {
    const parsed = hooksConfigSchema.safeParse(value);
    if (!parsed.success) return null;
    const doubts = hooksDoubts(parsed.data).map((doubt) => `Mind: ${doubt}`);
    return [JSON.stringify(value, null, 2), ...doubts].join("\n");
  },
  command(name, value) {
    const parsed = commandSchema.safeParse(value);
    return parsed.success ? commandFile(name, parsed.data).content : null;
  },
  agent(name, value) {
    const parsed = agentSchema.safeParse(value);
    if (!parsed.success) return null;
    const { system_prompt: _text, ...facts } = parsed.data;
    const doubts = hooksDoubts(facts.hooks).map((doubt) => `Mind: ${doubt}`);
    return [JSON.stringify(facts, null, 2), ...doubts, agentFile(name, parsed.data).content].join("\n");
  },
  skill(_name, value) {
    const parsed = skillSchema.safeParse(value);
    return parsed.success ? showSkill(parsed.data) : null;
  },
};

function showSkill({ files, source }: Skill): string {
  const from = source.kind === "written" ? [] : [`Imported from ${source.url ?? "a zip"}, SHA-256 ${source.sha256}`];
  return [...from, ...files.map(showFile)].join("\n\n");
}

function showFile({ path, content, encoding, executable }: SkillFile): string {
  const head = `===== ${path}${executable ? " (can be run)" : ""}`;
  if (encoding === "utf8") return `${head}\n${content}`;
  return `${head}\n(no text: about ${Math.floor(content.length * 0.75)} bytes)`;
}
