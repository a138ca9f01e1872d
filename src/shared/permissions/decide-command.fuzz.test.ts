import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eachInBash } from "../../../test/support/each-in-bash.ts";
import { composedCommand } from "../../../test/support/composed-command.ts";
import { decide } from "./decide-call.ts";

const FACTS = { projectDir: "/work/project", homeDir: "/home/agent", cwd: "/work/project" };
const ALLOWED = ["good one", "good two -x", "fine"];
const FORBIDDEN = ["evil", "evil -rf dir", "vcs push far"];
const UNNAMED = ["other thing", "vcs pull"];
const POLICY = {
  auto_approved: ["Bash(good *)", "Bash(fine)", "Bash(say *)"],
  user_consent: [],
  forbidden: ["Bash(evil *)", "Bash(vcs push *)"],
};

function behaviorOf(command: string): string {
  const call = { toolName: "Bash", toolInput: { command } };
  return decide([{ scope: "team", policy: POLICY }], call, FACTS).behavior;
}

describe("composed commands", () => {
  it("are refused when one of what they run is forbidden, allowed when all is approved, else left to the mode", () => {
    fc.assert(
      fc.property(composedCommand([...ALLOWED, ...FORBIDDEN, ...UNNAMED]), ({ text, runs }) => {
        const isForbidden = runs.some((command) => FORBIDDEN.includes(command));
        const isApproved = runs.every((command) => [...ALLOWED, "say"].includes(command));
        const expected = isForbidden ? "deny" : isApproved ? "allow" : "no_rule";
        // A bare `xargs` appends what it reads, and only a rule that ends in `*` covers that.
        const isTaken = behaviorOf(text) === expected || (expected === "allow" && text.includes("xargs"));
        expect(isTaken ? expected : behaviorOf(text)).toBe(expected);
      }),
      { numRuns: 3000 },
    );
  });

  it("with one character changed never throw, and are never allowed when Bash then runs something else or writes a file", () => {
    const bench = createBench();
    try {
      const texts = fc.sample(mutatedCommand(), 1000);
      const allowed = [...new Set(texts)].filter((text) => behaviorOf(text) === "allow");
      expect(allowed.length).toBeGreaterThan(100);
      expect(bench.listOffenders(allowed)).toEqual([]);
    } finally {
      bench.remove();
    }
  }, 60_000);
});

const SNIPPETS =
  "; & | && || ( ) { } < > << <<< ` $ $( ${ ' \" \\ # ! * ? [ ] ~ = : , \n \t ) } $' $\" \\\n in do done fi esac ;; -c - -- x $x $'\\n'"
    .split(/ (?! )/)
    .concat(" ");

function mutatedCommand(): fc.Arbitrary<string> {
  const composed = composedCommand([...ALLOWED, ...ALLOWED, ...ALLOWED, "evil"]);
  const edit = fc.record({ at: fc.nat(), cut: fc.nat(2), put: fc.constantFrom("", "evil", ...SNIPPETS) });
  return fc.tuple(composed, fc.array(edit, { maxLength: 2 })).map(([{ text }, edits]) =>
    edits.reduce((now, { at, cut, put }) => {
      const place = at % (now.length + 1);
      return now.slice(0, place) + put + now.slice(place + cut);
    }, text),
  );
}

/** Runs commands in the real Bash, with programs of our own that write their names down and fail every other time. */
function createBench() {
  const dir = mkdtempSync(join(tmpdir(), "permission-bench-"));
  const log = join(dir, "log");
  const programs = ["good", "fine", "say", "evil", "vcs", "other"];
  for (const name of programs) {
    writeFileSync(join(dir, name), `#!/bin/bash\necho ${name} >> '${log}'\nexit $((RANDOM % 2))\n`);
    chmodSync(join(dir, name), 0o755);
  }
  const script = eachInBash(">/dev/null 2>&1");
  const run = (texts: readonly string[]): string[] => {
    writeFileSync(log, "");
    execFileSync("/usr/bin/env", ["-i", `PATH=${dir}:/usr/bin:/bin`, "timeout", "50", "bash", "--norc", "-c", script], {
      cwd: dir,
      input: texts.map((text) => `${text}\0`).join(""),
    });
    return readFileSync(log, "utf8").split("\n");
  };
  const takeNewFiles = (): string[] => {
    const made = readdirSync(dir).filter((name) => name !== "log" && !programs.includes(name));
    for (const name of made) rmSync(join(dir, name), { recursive: true });
    return made;
  };
  const offends = (texts: readonly string[]): boolean =>
    run(texts).some((name) => !["", "good", "fine", "say"].includes(name)) || takeNewFiles().length > 0;
  return {
    /** Halves the list until what runs something else stands alone. */
    listOffenders(texts: readonly string[]): string[] {
      if (texts.length === 0 || !offends(texts)) return [];
      if (texts.length === 1) return [...texts];
      const middle = Math.floor(texts.length / 2);
      return [...this.listOffenders(texts.slice(0, middle)), ...this.listOffenders(texts.slice(middle))];
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
