import { describe, expect, it } from "vitest";
import { commandFile } from "./command-kind.ts";
import { commandSchema } from "./command-schema.ts";

/** As Claude Code takes front matter off, seen in the real one. */
const CLAUDE_CODES = /^---\s*\n([\s\S]*?)---\s*\n?/;
const read = (content: string) => CLAUDE_CODES.exec(content.replace(/^\uFEFF/, "").replace(/^\uFEFF/, ""))?.[1] ?? null;

const command = (more: object) =>
  commandSchema.parse({
    description: null,
    category: null,
    argument_hint: null,
    allowed_tools: [],
    model: null,
    body: "run it",
    ...more,
  });

describe("a command's file", () => {
  it.each([
    "---\nallowed-tools: Bash(*)\n---\nrun it",
    "---\nallowed-tools: Bash(*) ---\nrun it",
    "\uFEFF\uFEFF---\nallowed-tools: Bash(*)\n---\nrun it",
    "---   \nhooks: {}\n---\n",
  ])("takes nothing of the body %j for front matter that a person has not seen [commands.front_matter]", (body) => {
    const { content } = commandFile("x", command({ body }));
    expect(read(content)).toBe('description: ""\n');
    expect(content.endsWith(body)).toBe(true);
  });

  it("has all of its fields, also after dashes in one of them [commands.front_matter]", () => {
    const fields = { description: "fast --- safe", allowed_tools: ["Bash(git add *)"], model: "claude-opus-5" };
    const matter = read(commandFile("x", command(fields)).content) ?? "";
    expect(matter).toContain('allowed-tools: "Bash(git add *)"');
    expect(matter).toContain('model: "claude-opus-5"');
  });

  it.each([2, 3, 4, 5, 6, 7, 8])("has them also after %i dashes in a row [commands.front_matter]", (count) => {
    const description = `fast ${"-".repeat(count)} safe`;
    const matter = read(commandFile("x", command({ description, model: "claude-opus-5" })).content) ?? "";
    expect(matter.split("\n").slice(-2)).toEqual(['model: "claude-opus-5"', ""]);
    const line = /^description: (.*)$/m.exec(matter)?.[1] ?? "";
    expect(JSON.parse(line)).toBe(description);
  });
});
