import { describe, expect, it } from "vitest";
import { decide } from "../../src/shared/permissions/decide-call.ts";
import { CALL_CASES } from "../support/permission-call-cases.ts";
import { COMMAND_CASES } from "../support/permission-cases.ts";
import { readBashRules, readRules } from "../support/read-rules.ts";

const FACTS = { projectDir: "/work/project", homeDir: "/home/agent", cwd: "/work/project" };

describe("the permission policy in workerd", () => {
  it("decides every row of the tables as in Node: the grammar needs nothing that workerd forbids", () => {
    const commands = Object.values(COMMAND_CASES)
      .flat()
      .map(([behavior, rules, command]) => [behavior, readBashRules(rules), "Bash", { command }] as const);
    const calls = Object.values(CALL_CASES)
      .flat()
      .map(([behavior, rules, toolName, toolInput]) => [behavior, readRules(rules), toolName, toolInput] as const);
    const wrong = [...commands, ...calls].filter(([behavior, policy, toolName, toolInput]) => {
      return decide([{ scope: "team", policy }], { toolName, toolInput }, FACTS).behavior !== behavior;
    });
    expect(wrong).toEqual([]);
    expect(commands.length).toBeGreaterThan(400);
  });
});
