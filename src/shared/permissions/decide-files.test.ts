import { describe, expect, it } from "vitest";
import { FILE_CASES } from "../../../test/support/permission-file-cases.ts";
import { decide } from "./decide-call.ts";
import { READY_MADE_POLICIES } from "./ready-made-policies.ts";

const FACTS = { projectDir: "/work/project", homeDir: "/home/agent", cwd: "/work/project" };
const bash = (command: string) => ({ toolName: "Bash", toolInput: { command } });

describe.each(Object.entries(FILE_CASES))("%s [permissions.files]", (_, cases) => {
  it.each(cases)("%s for %j", (behavior, command) => {
    const decision = decide([{ scope: "user", policy: READY_MADE_POLICIES.standard }], bash(command), FACTS);
    expect(decision, decision.reason).toMatchObject({ behavior });
  });
});
