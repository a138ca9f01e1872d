import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readVaultKeys } from "../src/worker/secrets/vault-keys.ts";
import { openHome } from "./home.ts";

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "berth-home-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("BERTH_HOME [start.secrets_once]", () => {
  it("gets secrets once and keeps them", () => {
    const home = join(folder, "new", "home");
    expect(openHome(home)).toEqual(openHome(home));
  });

  it("has secrets of its own", () => {
    const [one, two] = [openHome(join(folder, "one")), openHome(join(folder, "two"))];
    for (const name of [
      "home_id",
      "run_token_secret",
      "sign_in_code",
      "sandbox_supervisor_token",
      "vault_keys",
    ] as const) {
      expect(one[name]).not.toBe(two[name]);
    }
  });

  it("of before there were secrets of MCP servers gets a key for them, and keeps the rest", () => {
    const { vault_keys, ...older } = openHome(folder);
    writeFileSync(join(folder, "secrets.json"), JSON.stringify(older));
    const opened = openHome(folder);
    expect(opened).toMatchObject(older);
    expect(readVaultKeys(opened.vault_keys)).toHaveLength(1);
    expect(opened.vault_keys).not.toBe(vault_keys);
    expect(openHome(folder)).toEqual(opened);
  });

  it("is closed to other users", () => {
    openHome(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, "secrets.json")).mode & 0o777).toBe(0o600);
  });

  it("makes a sign-in code that is read and typed easily", () => {
    expect(openHome(folder).sign_in_code).toMatch(/^[2-9A-HJ-NP-Z]{4}(?:-[2-9A-HJ-NP-Z]{4}){2}$/);
  });

  it("says what to do when its secrets are damaged, and keeps the file", () => {
    writeFileSync(join(folder, "secrets.json"), "{");
    expect(() => openHome(folder)).toThrow(/Delete it and start again/);
  });
});
