import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eachInBash } from "../../../test/support/each-in-bash.ts";
import { decide } from "./decide-call.ts";
import { READY_MADE_POLICIES } from "./ready-made-policies.ts";

const SECRET = "s3cr3t-value";

describe("commands that read files", () => {
  it("are never allowed when Bash then shows what a forbidden file holds [permissions.files]", () => {
    const bench = createBench();
    try {
      const texts = [...new Set(fc.sample(readingCommand(), 1500))];
      const allowed = texts.filter((text) => bench.behaviorOf(text) === "allow");
      expect(allowed.length).toBeGreaterThan(100);
      expect(texts.filter((text) => bench.behaviorOf(text) === "deny").length).toBeGreaterThan(100);
      expect(bench.listOffenders(allowed)).toEqual([]);
    } finally {
      bench.remove();
    }
  }, 120_000);

  it("that are known to show it do so on this bench", () => {
    const bench = createBench();
    try {
      const known = ["cat .en?", "cd ~/.ssh && cat id_rsa", "f=.env; cat $f", "grep -r '' .", "cat *.pem"];
      expect(bench.listOffenders(known)).toEqual(known);
    } finally {
      bench.remove();
    }
  });
});

const PIECES =
  ".env .e nv * ? [e] [.] {.env,x} {a,.e}nv ~ ~/ / // .ssh id_rsa .ssh/id_rsa key .pem *.pem src a.ts src/ .. ../ . ./ $f ${f} $HOME $PWD " +
  '"$f" "$HOME" \'.env\' ".e"nv $\'\\x2eenv\' \\.env ~+ home ../home/ $(echo .env) `echo .env` $1 $_ -f --file= -r -- x = : ${f%x} @(.env) ..//';

function word(): fc.Arbitrary<string> {
  return fc
    .array(fc.constantFrom(...PIECES.split(" ").slice(0, -1), "$(echo .env)"), { minLength: 1, maxLength: 3 })
    .map((pieces) => pieces.join(""));
}

function readingCommand(): fc.Arbitrary<string> {
  const path = fc.oneof(
    word(),
    fc.constantFrom(".env", "src/a.ts", "id_rsa", "*", "src/*.ts", "key.pem", "$f", ".ssh"),
  );
  const reading = fc
    .tuple(
      fc.constantFrom(
        ..."cat |head |tail -n 3 |wc --files0-from=|grep '' |grep -r '' |grep -f |grep -f|diff /dev/null |diff -r src |cat < |echo \"$(<".split(
          "|",
        ),
        ..."rg '' |rg --hidden '' |file -f |du --files0-from=|stat |ls |find |git diff --no-index src/a.ts |git show :|git grep '' -- |git log -p -- |git diff -- ".split(
          "|",
        ),
      ),
      path,
      fc.constantFrom("", "", " src/a.ts", " -exec cat {} +", " -name '*.ts' -exec cat {} +", " | cat", " | xargs cat"),
    )
    .map(([program, argument, end]) => `${program}${argument}${program.endsWith("(<") ? ')"' : end}`);
  const before = fc.oneof(
    fc.constant(""),
    fc.constant(""),
    path.map((text) => `cd ${text}; `),
    path.map((text) => `f=${text}; `),
    path.map((text) => `cd ${text} && `),
    fc.tuple(path, path).map(([one, other]) => `f=${one}; cd ${other}; `),
    fc.tuple(path, path).map(([one, other]) => `cd ${one}; cd ${other}; `),
    path.map((text) => `export f=${text}; `),
  );
  const around = fc.constantFrom<(text: string) => string>(
    (text) => text,
    (text) => text,
    (text) => `for f in .env src/a.ts; do ${text}; done`,
    (text) => `for f in src/*.ts; do ${text}; cd ..; done`,
    (text) => `bash -c '${text}'`,
    (text) => `(${text}); cat a.ts`,
    (text) => `{ ${text}; } | cat`,
    (text) => `cat <(${text})`,
  );
  return fc.tuple(before, reading, around).map(([start, text, wrap]) => wrap(start + text));
}

/** A project and a home with secrets in the files that the policy `standard` forbids. */
function createBench() {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "file-bench-")));
  const facts = { projectDir: join(root, "work"), homeDir: join(root, "home"), cwd: join(root, "work") };
  mkdirSync(join(facts.projectDir, "src"), { recursive: true });
  mkdirSync(join(facts.homeDir, ".ssh"), { recursive: true });
  for (const path of ["work/.env", "work/key.pem", "home/.ssh/id_rsa"]) writeFileSync(join(root, path), `${SECRET}\n`);
  for (const path of ["work/a.ts", "work/src/a.ts", "work/src/b.ts"]) writeFileSync(join(root, path), "plain\n");
  const start = ["-i", "PATH=/usr/bin:/bin", `HOME=${facts.homeDir}`];
  execFileSync("/usr/bin/env", [...start, "bash", "-c", "git init -q && git add -Af ."], { cwd: facts.projectDir });
  const script = eachInBash("2>&1");
  const shows = (texts: readonly string[]): boolean =>
    execFileSync("/usr/bin/env", [...start, "timeout", "100", "bash", "--norc", "-c", script], {
      cwd: facts.projectDir,
      input: texts.map((text) => `${text}\0`).join(""),
      maxBuffer: 1 << 28,
    }).includes(SECRET);
  return {
    behaviorOf: (command: string) =>
      decide(
        [{ scope: "user", policy: READY_MADE_POLICIES.standard }],
        { toolName: "Bash", toolInput: { command } },
        facts,
      ).behavior,
    /** Halves the list until what shows a secret stands alone. */
    listOffenders(texts: readonly string[]): string[] {
      if (texts.length === 0 || !shows(texts)) return [];
      if (texts.length === 1) return [...texts];
      const middle = Math.floor(texts.length / 2);
      return [...this.listOffenders(texts.slice(0, middle)), ...this.listOffenders(texts.slice(middle))];
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
