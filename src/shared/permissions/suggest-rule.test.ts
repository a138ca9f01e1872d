import { array, assert, constantFrom, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { decide } from "./decide-call.ts";
import { suggestRule } from "./suggest-rule.ts";

const FACTS = { projectDir: "/w", homeDir: "/home/agent", cwd: "/w" };
const suggest = (toolName: string, toolInput: unknown) => suggestRule({ toolName, toolInput }, FACTS);

describe("the rule that is suggested for a call", () => {
  it.each([
    ["Bash", { command: "npm test" }, "Bash(npm test)"],
    ["Bash", { command: " git push origin main " }, "Bash(git push origin main)"],
    ["Edit", { file_path: "/w/src/a.ts", old_string: "a", new_string: "b" }, "Edit(//w/src/a.ts)"],
    ["Write", { file_path: "src/a.ts", content: "" }, "Edit(//w/src/a.ts)"],
    ["Read", { file_path: "/etc/hosts" }, "Read(//etc/hosts)"],
  ])("of %s %j is %s: no wider than what was asked [permissions.always]", (tool, input, rule) => {
    expect(suggest(tool, input)).toBe(rule);
  });

  it.each([
    ["Bash", { command: "rm *.log" }],
    ["Bash", { command: "npm test && git push" }],
    ["Bash", { command: "echo $HOME" }],
    ["Bash", { command: "cat <<EOF\nhi\nEOF" }],
    ["Bash", { command: "bash -c 'rm x'" }],
    ["Bash", { command: "npm test [… 9 more characters]" }],
    ["Edit", { file_path: "/w/*" }],
    ["Edit", { file_path: "/" }],
    ["Edit", { file_path: "/w/[id].ts" }],
    ["Grep", { pattern: "x", path: "/w" }],
    ["WebFetch", { url: "https://example.com/a" }],
    ["mcp__github__delete_repo", { name: "x" }],
    ["Bash", {}],
  ])("of %s %j does not exist: it would take more, or cannot be written [permissions.always]", (tool, input) => {
    expect(suggest(tool, input)).toBeNull();
  });

  it("never lets another command run [permissions.always]", () => {
    const words = array(constantFrom("npm", "test", "git", "-v", "*", "a b", "'x'", '"y"', "rm", "\\", ":*", "x=1"), {
      minLength: 1,
      maxLength: 4,
    });
    const commands = words.map((parts) => parts.join(" "));
    assert(
      property(commands, commands, (asked, other) => {
        const rule = suggest("Bash", { command: asked });
        if (rule === null) return;
        const call = { toolName: "Bash", toolInput: { command: other } };
        const policy = { auto_approved: [rule], user_consent: [], forbidden: [] };
        if (decide([{ scope: "user", policy }], call, FACTS).behavior !== "allow") return;
        // The same words in the same order, however they are quoted; what is set for the program is no word of it.
        const plain = (text: string) =>
          text
            .replaceAll(/["']/g, "")
            .replaceAll(/\bx=1\s/g, "")
            .replaceAll(/\s+/g, " ")
            .trim();
        expect(plain(other)).toBe(plain(asked));
      }),
      { numRuns: 3000 },
    );
  });
});
