import { describe, expect, it } from "vitest";
import { showItem } from "./show-item.ts";

describe("what a person reads before they agree", () => {
  it("is a command as its file, and hooks with what cannot be told of them", () => {
    const command = {
      description: "d",
      category: null,
      argument_hint: null,
      allowed_tools: ["Read"],
      model: null,
      body: "Line 1\nLine 2\n",
    };
    expect(showItem("command", "review", command)).toBe(
      '---\ndescription: "d"\nallowed-tools: "Read"\n---\nLine 1\nLine 2\n',
    );
    const hooks = { Stop: [{ hooks: [{ type: "command", command: '"$TOOL" --check' }] }] };
    expect(showItem("hooks", "hooks", hooks)).toMatch(
      /"command": "\\"\$TOOL\\" --check"[\s\S]*\nMind: Stop: not all that it does can be told/,
    );
  });

  it("is a skill file by file, with where it comes from", () => {
    const text = (path: string, content: string, executable = false) => ({
      path,
      content,
      encoding: "utf8",
      executable,
    });
    const files = [
      text("SKILL.md", "Read\nme"),
      text("run.sh", "echo", true),
      { ...text("x.bin", "AAAA"), encoding: "base64" },
    ];
    const source = { kind: "git", url: "https://github.com/o/r", sha256: "a".repeat(64) };
    const shown = showItem("skill", "s", { description: "d", allowed_tools: [], files, source });
    expect(shown).toContain("Imported from https://github.com/o/r, SHA-256 aaaa");
    expect(shown).toContain(
      "===== SKILL.md\nRead\nme\n\n===== run.sh (can be run)\necho\n\n===== x.bin\n(no text: about 3 bytes)",
    );
  });

  it("is anything else as it is kept, also what is not understood", () => {
    expect(showItem("memory", "memory", "a\nb")).toBe("a\nb");
    expect(showItem("skill", "s", { odd: 1 })).toBe('{\n  "odd": 1\n}');
    expect(showItem("skill", "s", null)).toBe("");
  });
});
