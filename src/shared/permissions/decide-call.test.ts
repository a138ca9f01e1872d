import { describe, expect, it } from "vitest";
import { CALL_CASES } from "../../../test/support/permission-call-cases.ts";
import { readRules } from "../../../test/support/read-rules.ts";
import { shortenToFit } from "../events/shorten.ts";
import { decide } from "./decide-call.ts";
import { permissionPolicySchema, POLICY_SCOPES, type PolicyScope, type ScopedPolicy } from "./policy-schema.ts";
import { READY_MADE_POLICIES } from "./ready-made-policies.ts";
import { isShortened, shortenInput } from "./shortened-input.ts";

const FACTS = { projectDir: "/work/project", homeDir: "/home/agent", cwd: "/work/project" };

function inScope(scope: PolicyScope, rules: string): ScopedPolicy {
  return { scope, policy: readRules(rules) };
}

const bash = (command: string) => ({ toolName: "Bash", toolInput: { command } });

describe.each(Object.entries(CALL_CASES))("%s [permissions.rules]", (_, cases) => {
  it.each(cases)("%s with %s for %s %j", (behavior, rules, toolName, toolInput) => {
    const decision = decide([inScope("project", rules)], { toolName, toolInput }, FACTS);
    expect(decision, decision.reason).toMatchObject({ behavior });
  });
});

describe("scopes", () => {
  const lists = [
    ["!Bash(rm *)", "deny"],
    ["?Bash(rm *)", "ask"],
    ["+Bash(rm *)", "allow"],
  ] as const;
  const pairs = POLICY_SCOPES.flatMap((one) =>
    POLICY_SCOPES.filter((other) => other !== one).map((other) => [one, other] as const),
  );

  it.each(pairs)(
    "of %s and %s the more restrictive rule wins, whichever comes first in the list [permissions.scopes]",
    (one, other) => {
      for (const [index, [strict, behavior]] of lists.entries()) {
        for (const [loose] of lists.slice(index + 1)) {
          const policies = [inScope(one, strict), inScope(other, loose)];
          const expected = { behavior, scope: one, rule: "Bash(rm *)" };
          expect(decide(policies, bash("rm x"), FACTS)).toMatchObject(expected);
          expect(decide(policies.toReversed(), bash("rm x"), FACTS)).toMatchObject(expected);
        }
      }
    },
  );

  it("names the widest scope's rule where several say the same", () => {
    const policies = [inScope("session", "!Bash(rm *)"), inScope("team", "!Bash(*)")];
    expect(decide(policies, bash("rm x"), FACTS)).toMatchObject({ scope: "team", rule: "Bash(*)" });
  });

  it("lets auto rules of several scopes cover one command together", () => {
    const policies = [inScope("team", "+Bash(git *)"), inScope("session", "+Bash(npm *)")];
    expect(decide(policies, bash("git pull && npm ci"), FACTS)).toMatchObject({ behavior: "allow", scope: "team" });
    expect(decide(policies, bash("git pull && make"), FACTS)).toMatchObject({
      behavior: "no_rule",
      rule: null,
      scope: null,
    });
  });
});

describe("reasons", () => {
  it("say which rule of which scope decided, and why", () => {
    const policies = [inScope("team", "+Bash(echo *)  ?Bash(git push *)  !Bash(rm *)")];
    const reason = (command: string) => decide(policies, bash(command), FACTS).reason;
    expect(reason("rm x")).toBe("The team's rule Bash(rm *) forbids this Bash call.");
    expect(reason("git push")).toBe("The team's rule Bash(git push *) wants a person to agree to this Bash call.");
    expect(reason("git $X")).toBe(
      "The team's rule Bash(git push *) may be about this Bash call: a part of it is known only when it runs.",
    );
    expect(reason("eval $X")).toBe(
      "The team's rule Bash(rm *) may be about this Bash call: it evaluates a text that is known only when it runs.",
    );
    expect(reason("echo a > b")).toBe(
      "The team's rule Bash(echo *) lets the programs run, but a person has to agree: it writes to a file, and no Edit rule covers that file.",
    );
    expect(reason("echo a")).toBe("The team's rule Bash(echo *) lets this command run: echo.");
    expect(reason("make")).toBe("No rule is about this Bash call; the permission mode decides.");
  });

  it("hold nothing of the command's own arguments", () => {
    const policies = [inScope("user", "+Bash(echo *)  ?Bash(git *)  !Bash(rm *)")];
    for (const command of [
      "echo s3cret",
      "rm s3cret",
      "git s3cret",
      "echo s3cret > s3cret",
      "TOKEN=s3cret echo",
      "$X s3cret",
    ]) {
      expect(decide(policies, bash(command), FACTS).reason).not.toContain("s3cret");
    }
  });
});

describe("without a Bash rule that approves", () => {
  it("the mode decides about commands that are asked about with one, so that taking it away widens", () => {
    for (const command of ["git -c core.pager=x log", "git log; eval $X"]) {
      expect(decide([inScope("team", "+Bash(git *)  +Bash(npm *)")], bash(command), FACTS).behavior).toBe("ask");
      expect(decide([], bash(command), FACTS).behavior).toBe("no_rule");
    }
    expect(decide([inScope("team", "+Bash(npm *)")], bash("git -c core.pager=x log"), FACTS).behavior).toBe("no_rule");
  });
});

describe("a stored rule that cannot be read", () => {
  const broken = (list: "forbidden" | "user_consent" | "auto_approved"): ScopedPolicy => {
    const policy = readRules("");
    return { scope: "team", policy: { ...policy, [list]: ["Bash(a | b)"] } };
  };

  it("asks about every call where it forbids or asks, and lets nothing run where it approves", () => {
    const read = { toolName: "Read", toolInput: { file_path: "/work/project/a" } };
    expect(decide([broken("forbidden")], read, FACTS).behavior).toBe("ask");
    expect(decide([broken("user_consent")], read, FACTS).behavior).toBe("ask");
    expect(decide([broken("auto_approved")], read, FACTS).behavior).toBe("no_rule");
  });
});

describe("a working directory that is not known", () => {
  it("leaves a relative path without a meaning", () => {
    const facts = { ...FACTS, cwd: null };
    const call = { toolName: "Edit", toolInput: { file_path: "src/a.ts" } };
    expect(decide([inScope("team", "+Edit(src/**)")], call, facts).behavior).toBe("no_rule");
    expect(decide([inScope("team", "!Edit(.env)")], call, facts).behavior).toBe("ask");
  });
});

describe("isShortened", () => {
  it("knows what shortenToFit leaves of an input, wherever the cut is [permissions.cut]", () => {
    const deep = Array.from({ length: 70 }).reduce<unknown>((inner) => [inner], "x");
    for (const input of [
      { command: "x".repeat(100_000) },
      { edits: [{ new_string: "y".repeat(100_000) }] },
      { deep },
    ]) {
      expect(isShortened(input)).toBe(false);
      expect(isShortened(shortenToFit(input, 65_536))).toBe(true);
    }
    expect(
      isShortened(
        shortenToFit(Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`k${i}`, "z".repeat(500)])), 1000),
      ),
    ).toBe(true);
  });
});

describe("shortenInput", () => {
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
  const fields = (count: number) => Object.fromEntries(numbers(count).map((index) => [`k${index}`, index]));

  it.each<[string, unknown]>([
    ["a long text", { command: "x".repeat(5000) }],
    ["many items of a list", { ids: numbers(2000) }],
    ["many items of a list in a list", { deep: [{ ids: numbers(2000) }] }],
    ["many fields", fields(2000)],
    ["many fields of a field", { deep: fields(2000) }],
    ["a list", numbers(2000)],
    ["too deep a value", { deep: numbers(70).reduce<unknown>((inner) => [inner], "x") }],
    ["so much that nothing is left", { deep: numbers(200).map(() => fields(200)) }],
  ])("says so when it leaves out %s, and keeps to the limit [permissions.cut]", (_, input) => {
    const shortened = shortenInput(input, 4000);
    expect(isShortened(input)).toBe(false);
    expect(isShortened(shortened)).toBe(true);
    expect(JSON.stringify(shortened).length).toBeLessThanOrEqual(4000);
  });

  it("leaves what fits as it is", () => {
    const input = { ids: numbers(500), shortened: true };
    expect(shortenInput(input, 4000)).toBe(input);
    expect(isShortened(input)).toBe(false);
  });

  it("keeps what rules look at, and a folder that may have been left out is not known [permissions.cut]", () => {
    const call = {
      toolName: "Write",
      toolInput: shortenInput({ file_path: "/work/project/.env", ids: numbers(2000) }, 4000),
    };
    expect(decide([inScope("team", "!Edit(.env)")], call, FACTS).behavior).toBe("deny");
    const search = { toolName: "Grep", toolInput: shortenInput({ ...fields(2000), path: "/work/project/.env" }, 4000) };
    expect(decide([inScope("team", "!Read(.env)")], search, FACTS).behavior).toBe("ask");
  });
});

describe("the ready-made policies", () => {
  it.each(Object.entries(READY_MADE_POLICIES))("%s holds to its own schema", (_, policy) => {
    expect(permissionPolicySchema.parse(policy)).toEqual(policy);
  });

  const behaviors = (toolName: string, toolInput: unknown) =>
    Object.values(READY_MADE_POLICIES).map(
      (policy) => decide([{ scope: "user", policy }], { toolName, toolInput }, FACTS).behavior,
    );

  it.each([
    ["Read", { file_path: "/work/project/a" }, ["allow", "allow", "allow"]],
    ["Read", { file_path: "/work/project/.env" }, ["deny", "deny", "allow"]],
    ["Grep", { pattern: "x" }, ["allow", "allow", "allow"]],
    ["Edit", { file_path: "/work/project/a" }, ["deny", "allow", "allow"]],
    ["Edit", { file_path: "/etc/passwd" }, ["deny", "no_rule", "allow"]],
    ["Write", { file_path: "/work/project/.git/hooks/pre-commit" }, ["deny", "ask", "allow"]],
    ["Bash", { command: "git status" }, ["ask", "allow", "allow"]],
    ["Bash", { command: "npm test" }, ["ask", "no_rule", "allow"]],
    ["Bash", { command: "git push" }, ["ask", "ask", "ask"]],
    ["Bash", { command: "rm -rf build" }, ["ask", "ask", "allow"]],
    ["Bash", { command: "sudo ls" }, ["ask", "deny", "deny"]],
    ["Bash", { command: "echo a > b" }, ["deny", "allow", "allow"]],
    ["Bash", { command: "$X" }, ["ask", "ask", "ask"]],
    ["mcp__a__b", {}, ["ask", "no_rule", "no_rule"]],
  ])("%s %j: %j", (toolName, toolInput, expected) => {
    expect(behaviors(toolName, toolInput)).toEqual(expected);
  });
});
