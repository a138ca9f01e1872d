import { describe, expect, it } from "vitest";
import { COMMAND_CASES } from "../../../test/support/permission-cases.ts";
import { readBashRules } from "../../../test/support/read-rules.ts";
import { decide } from "./decide-call.ts";

const FACTS = { projectDir: "/work/project", homeDir: "/home/agent", cwd: "/work/project" };

describe.each(Object.entries(COMMAND_CASES))("%s [permissions.shell]", (_, cases) => {
  it.each(cases)("%s with %s for %j", (behavior, rules, command) => {
    const call = { toolName: "Bash", toolInput: { command } };
    const decision = decide([{ scope: "project", policy: readBashRules(rules) }], call, FACTS);
    expect(decision, decision.reason).toMatchObject({ behavior });
  });
});
