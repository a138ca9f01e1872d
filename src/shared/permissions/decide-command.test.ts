import { describe, expect, it } from "vitest";
import { COMMAND_CASES } from "../../../test/support/permission-cases.ts";
import { decide } from "./decide-call.ts";
import { permissionPolicySchema } from "./policy-schema.ts";

const FACTS = { projectDir: "/work/project", homeDir: "/home/agent", cwd: "/work/project" };

/** `+git *  !rm *` as a policy. */
function readPolicy(rules: string) {
  const list = (mark: string) =>
    rules
      .split("  ")
      .filter((rule) => rule.startsWith(mark))
      .map((rule) => rule.slice(1))
      .map((rule) => (/^(?:Bash|Read|Edit|Write)\b|^\*$/.test(rule) ? rule : `Bash(${rule})`));
  return permissionPolicySchema.parse({ auto_approved: list("+"), user_consent: list("?"), forbidden: list("!") });
}

describe.each(Object.entries(COMMAND_CASES))("%s", (_, cases) => {
  it.each(cases)("%s with %s for %j", (behavior, rules, command) => {
    const call = { toolName: "Bash", toolInput: { command } };
    const decision = decide([{ scope: "project", policy: readPolicy(rules) }], call, FACTS);
    expect(decision, decision.reason).toMatchObject({ behavior });
  });
});
