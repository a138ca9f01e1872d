import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ERROR_CODES } from "../../src/shared/errors/error-code.ts";

const root = join(import.meta.dirname, "..", "..");
const documents = ["README.md", "AGENTS.md", ...globSync("docs/**/*.md", { cwd: root })];
const PATH = /`((?:src|test|local|docs|migrations|\.ci|\.github)(?:\/[\w.*@-]+)*\/?)`/g;

describe("the documents", () => {
  it.each(documents)("%s names paths that exist [repo.docs_true]", (document) => {
    const text = readFileSync(join(root, document), "utf8");
    const paths = [...text.matchAll(PATH)].map(([, path = ""]) => path);
    const missing = paths.filter((path) =>
      (path.includes("*") ? globSync(path, { cwd: root }) : [path]).every((one) => !existsSync(join(root, one))),
    );
    expect(missing).toEqual([]);
  });

  it.each(documents)("%s links to files that exist [repo.docs_true]", (document) => {
    const text = readFileSync(join(root, document), "utf8");
    const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(([, link = ""]) => link);
    expect(links.filter((link) => !existsSync(join(root, document, "..", link)))).toEqual([]);
  });

  it("explain every error code [mcp.errors]", () => {
    const text = readFileSync(join(root, "docs/errors.md"), "utf8");
    expect(ERROR_CODES.filter((code) => !new RegExp(`\\| \`${code}\` +\\|`).test(text))).toEqual([]);
  });
});
