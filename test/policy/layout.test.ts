import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..", "..");

/** Each line breaks one boundary; the lint configuration must say so. */
const BREACHES = {
  "src/shared/a.ts": 'import "node:fs";',
  "src/shared/b.ts": 'import "hono";',
  "src/shared/c.ts": 'import "zodiac";',
  "src/shared/d.ts": 'import "../worker/x.ts";',
  "src/shared/e.ts": "export const f = () => fetch('x');",
  "src/container/a.ts": 'import "cloudflare:workers";',
  "src/container/b.ts": 'import "../durable-objects/x.ts";',
  "src/container/c.ts": 'import "../worker/x.ts";',
  "src/durable-objects/sessions/a.ts": 'import "../../worker/x.ts";',
  "src/durable-objects/sessions/b.ts": 'import "drizzle-orm";',
  "src/durable-objects/sessions/c.ts": "export const f = (env: { DB: 1 }) => env.DB;",
  "src/worker/sessions/a.ts": 'import "../../durable-objects/x.ts";',
  "src/worker/sessions/b.ts": 'import "agents/mcp";',
  "src/worker/sessions/c.ts": 'import "@modelcontextprotocol/sdk/types.js";',
  "src/worker/sessions/d.ts": "export const f = (env: { SESSION: 1 }) => env.SESSION;",
};

/** The neighbours of the breaches that are allowed. */
const ALLOWED = {
  "src/shared/ok.ts": 'import "zod";\nimport "./a.ts";',
  "src/container/ok.ts": 'import "node:fs";\nimport "../shared/ok.ts";',
  "src/worker/ok.ts": 'import "agents/mcp/server";\nimport "hono";\nimport "../shared/ok.ts";',
  "src/worker/compose.ts": "export const f = (env: { SESSION: 1; DB: 1 }) => [env.SESSION, env.DB];",
  "src/durable-objects/x-do.ts": "export const f = (env: { DB: 1 }) => env.DB;",
};

describe("the boundaries between the machines", () => {
  let folder: string;
  let reported: string[];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "berth-layout-"));
    for (const [path, text] of Object.entries({ ...BREACHES, ...ALLOWED })) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), `${text}\n`);
    }
    cpSync(join(root, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    reported = lint(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(Object.keys(BREACHES))("are guarded by the lint: it reports %s [repo.layout]", (path) => {
    expect(reported).toContain(path);
  });

  it.each(Object.keys(ALLOWED))("leave the rest alone: it does not report %s [repo.layout]", (path) => {
    expect(reported).not.toContain(path);
  });
});

/** Files with a complaint of the boundary rules. */
function lint(folder: string): string[] {
  const program = join(root, "node_modules/.bin/oxlint");
  let output: string;
  try {
    output = execFileSync(program, ["--format=unix", "src"], { cwd: folder, encoding: "utf8" });
  } catch (error) {
    output = (error as { stdout: string }).stdout;
  }
  const lines = output.split("\n").filter((line) => line.includes("no-restricted"));
  return lines.map((line) => line.split(":")[0] ?? "");
}
