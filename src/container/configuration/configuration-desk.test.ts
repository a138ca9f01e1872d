import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NOTHING_CONFIGURED } from "../../shared/configuration/materialise.ts";
import { createConfigurationDesk } from "./configuration-desk.ts";

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "berth-desk-"));
  mkdirSync(join(base, "claude"));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const file = (path: string, content: string) => ({ path, content, encoding: "utf8" as const, executable: false });
const body = {
  ...NOTHING_CONFIGURED.sandbox,
  files: [file("commands/deploy.md", "as confirmed"), file("skills/writing/SKILL.md", "as confirmed")],
};
const configuration = { sha256: "a".repeat(64), body };
const begin = async () => {
  const desk = createConfigurationDesk({ configuration: join(base, "configuration"), configDir: join(base, "claude") });
  expect(desk.take({ configuration })).toBe(true);
  await desk.configure({ configuration });
  return () => desk.configure({ configuration: { ...configuration, body: null } });
};
const at = (path: string): string => join(base, "claude", path);

describe("a configuration that was laid out before", () => {
  it("shows again what is configured after the agent has put something in its place [configuration.files]", async () => {
    const beginNext = await begin();
    unlinkSync(at("commands"));
    mkdirSync(at("commands"));
    writeFileSync(at("commands/deploy.md"), "as the agent wants it");
    unlinkSync(at("skills"));
    symlinkSync("/tmp", at("skills"));
    await beginNext();
    for (const path of ["commands/deploy.md", "skills/writing/SKILL.md"]) {
      expect(readFileSync(at(path), "utf8")).toBe("as confirmed");
    }
  });

  it("is left as it is where nothing has changed [configuration.files]", async () => {
    const beginNext = await begin();
    const { ino, ctimeNs } = lstatSync(at("commands"), { bigint: true });
    await beginNext();
    expect(lstatSync(at("commands"), { bigint: true })).toMatchObject({ ino, ctimeNs });
  });
});
