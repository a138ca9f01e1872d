import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cleanEnv } from "./clean-env.ts";

let folder = "";
const at = (...parts: string[]) => join(folder, ...parts);

/** Installs what the lock file names, slowly enough for two to meet, and leaves a line for each run. */
const FAKE_NPM = `
  const { appendFileSync, copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } = require("node:fs");
  appendFileSync("npm-runs.txt", process.argv.slice(2).join(" ") + "\\n");
  if (existsSync("npm-fails")) process.exit(1);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  mkdirSync("node_modules/node/bin", { recursive: true });
  mkdirSync("node_modules/.bin", { recursive: true });
  if (!existsSync("node_modules/node/bin/node")) symlinkSync(${JSON.stringify(process.execPath)}, "node_modules/node/bin/node");
  writeFileSync("node_modules/.bin/tool", "#!/bin/sh\\necho tool $1 $PATH\\n", { mode: 0o755 });
  copyFileSync("package-lock.json", "node_modules/.package-lock.json");
`;

function writeLock(version: string): void {
  const packages = {
    "": { name: "x" },
    "node_modules/a": { version },
    "node_modules/for-another-platform": { version: "1.0.0", optional: true },
  };
  writeFileSync(at("package-lock.json"), JSON.stringify({ lockfileVersion: 3, packages }));
}

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "berth-bootstrap-")));
  mkdirSync(at("local"));
  copyFileSync(join(import.meta.dirname, "bootstrap.mjs"), at("local", "bootstrap.mjs"));
  writeFileSync(at("npm.js"), FAKE_NPM);
  writeFileSync(at("script.ts"), "const text: string = process.argv.slice(2).join('+'); console.log('ran', text);");
  writeLock("1.0.0");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function start(...args: string[]) {
  const env = { ...cleanEnv(), npm_execpath: at("npm.js") } as Record<string, string>;
  const options = { cwd: folder, env: env as NodeJS.ProcessEnv };
  const child = spawn(process.execPath, ["local/bootstrap.mjs", ...args], options);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += String(chunk)));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, output }));
  return { child, ended, output: () => output };
}

const run = (...args: string[]) => start(...args).ended;
const npmRuns = () =>
  existsSync(at("npm-runs.txt")) ? readFileSync(at("npm-runs.txt"), "utf8").trim().split("\n") : [];

describe("the bootstrap [start.fresh_clone]", () => {
  it("installs on a fresh clone, says so in one line, and runs the script", async () => {
    const { code, output } = await run("script.ts", "a", "b");
    expect(output).toMatch(
      /^Installing Berth's packages with npm ci, because nothing is installed yet\..*\nran a\+b\n$/,
    );
    expect(code).toBe(0);
    expect(npmRuns()).toEqual([expect.stringMatching(/^ci --include=dev /)]);
  });

  it("installs again only when the lock file has changed", async () => {
    await run("script.ts");
    expect((await run("script.ts")).output).toBe("ran \n");
    expect(npmRuns()).toHaveLength(1);
    writeLock("1.0.1");
    expect((await run("script.ts")).output).toMatch(/because package-lock\.json has changed/);
    expect(npmRuns()).toHaveLength(2);
  });

  it("installs again when the Node that it runs everything on does not work", async () => {
    await run("script.ts");
    rmSync(at("node_modules", "node", "bin", "node"));
    expect((await run("script.ts")).output).toMatch(/because Node 24 is missing/);
  });

  it("installs once when two are started at the same time", async () => {
    const answers = await Promise.all([run("script.ts", "1"), run("script.ts", "2")]);
    expect(answers.map(({ code }) => code)).toEqual([0, 0]);
    expect(npmRuns()).toHaveLength(1);
  });

  it("does not wait for an installation whose process is gone", async () => {
    const first = start("script.ts");
    await expect.poll(npmRuns).toHaveLength(1);
    first.child.kill("SIGKILL");
    await first.ended;
    expect((await run("script.ts")).code).toBe(0);
  });

  it("says that npm ci failed, and runs nothing", async () => {
    writeFileSync(at("npm-fails"), "");
    const { code, output } = await run("script.ts");
    expect(code).toBe(1);
    expect(output).toMatch(/npm ci failed/);
    expect(output).not.toMatch(/ran/);
  });

  it("runs a bin with node_modules/.bin first in the search path", async () => {
    const { output } = await run("tool", "x");
    expect(output).toContain(`tool x ${at("node_modules", ".bin")}${delimiter}`);
    expect(await run("no-such-tool")).toMatchObject({ code: 1, output: expect.stringMatching(/no program named/) });
  });

  it("hands on the exit code, also that of a signal", async () => {
    writeFileSync(at("fail.ts"), "process.exit(Number(process.argv[2]));");
    expect((await run("fail.ts", "7")).code).toBe(7);
    writeFileSync(at("die.ts"), "process.kill(process.pid, 'SIGKILL');");
    expect((await run("die.ts")).code).toBe(137);
  });

  it("hands on signals and waits for the script's own end", async () => {
    const script = "process.on('SIGTERM', () => setTimeout(() => { console.log('tidy'); process.exit(3); }, 100));";
    writeFileSync(at("wait.ts"), `${script} console.log('up'); setInterval(() => {}, 1000);`);
    const running = start("wait.ts");
    await expect.poll(running.output, { timeout: 5000 }).toMatch(/up/);
    running.child.kill("SIGTERM");
    expect(await running.ended).toMatchObject({ code: 3, output: expect.stringMatching(/tidy/) });
  });
});
