import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { endRecorded } from "./leftovers.ts";
import { type ManagedProcess, startManaged } from "./managed-process.ts";
import { listRoles, readPidFile, toTree } from "./pid-files.ts";
import type { ProcessRow } from "./process-table.ts";
import { endTree, findTree, selectTree } from "./process-tree.ts";

const row = (pid: number, parentPid: number, groupId = pid): ProcessRow => ({
  pid,
  parentPid,
  groupId,
  startMark: `start-${pid}`,
});
const tree = { pid: 10, startMark: "start-10", marks: ["A=home/x"] };
const nobody = () => false;

describe("selectTree", () => {
  it("chooses the leader, its group, and all descendants", () => {
    const table = [row(1, 0), row(10, 1), row(11, 1, 10), row(12, 10), row(13, 12), row(20, 1)];
    expect(selectTree(table, tree, nobody).toSorted((one, two) => one - two)).toEqual([10, 11, 12, 13]);
  });

  it("chooses nothing when another process has the leader's pid now", () => {
    const table = [{ ...row(10, 1), startMark: "later" }, row(12, 10), row(13, 1, 10)];
    expect(selectTree(table, tree, nobody)).toEqual([]);
  });

  it("finds what carries the mark when the leader is gone, with its descendants", () => {
    const table = [row(11, 1, 10), row(12, 11), row(20, 1)];
    expect(selectTree(table, tree, (pid) => pid === 11).toSorted((one, two) => one - two)).toEqual([11, 12]);
  });

  it("chooses a process without a mark alone, and neither its group nor its children", () => {
    const table = [row(10, 1), row(11, 1, 10), row(12, 10)];
    expect(selectTree(table, { ...tree, marks: [] }, nobody)).toEqual([10]);
  });

  it("never chooses this process or those above it", () => {
    const table = [row(10, 1), row(process.pid, 10), row(12, 10)];
    expect(selectTree(table, tree, nobody)).toEqual([12]);
  });
});

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "berth-tree-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A process with a child in its group and one that left group and session, both of which ignore SIGTERM. */
const FAMILY = `
  const { spawn } = require("node:child_process");
  const stubborn = ["-e", "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('up')"];
  const children = [spawn(process.execPath, stubborn), spawn(process.execPath, stubborn, { detached: true })];
  const ready = children.map((child) => new Promise((resolve) => child.stdout.once("data", resolve)));
  Promise.all(ready).then(() => console.log("ready"));
  if (process.argv[1] === "stubborn") process.on("SIGTERM", () => {});
`;

async function startFamily(role = "family", ...args: string[]): Promise<ManagedProcess> {
  const family = startManaged({
    role,
    runFolder: join(folder, "run"),
    mark: `home/${role}`,
    command: process.execPath,
    args: ["-e", FAMILY, ...args],
    cwd: folder,
    env: {},
    logPath: join(folder, "logs", `${role}.log`),
    readsFirstLine: true,
  });
  expect(await family.firstLine).toBe("ready");
  return family;
}

function treeOnFile(role = "family") {
  const file = readPidFile(join(folder, "run"), role);
  if (file === null) throw new Error("no pid file");
  return toTree(file);
}

describe.runIf(process.platform === "linux")("a process of ours [start.leftovers]", () => {
  it("is ended with everything that it started, detached children as well", async () => {
    const family = await startFamily();
    const ours = treeOnFile();
    expect(findTree(ours)).toHaveLength(3);
    await family.end(0);
    expect(findTree(ours)).toEqual([]);
    expect(listRoles(join(folder, "run"))).toEqual([]);
  });

  it("leaves nothing when its leader was killed alone before", async () => {
    await startFamily();
    const ours = treeOnFile();
    process.kill(ours.pid, "SIGKILL");
    await sleep(100);
    expect(findTree(ours)).toHaveLength(2);
    await endTree(ours, 0);
    expect(findTree(ours)).toEqual([]);
  });

  it("is killed after its grace when it ignores SIGTERM", async () => {
    const family = await startFamily("family", "stubborn");
    const ours = treeOnFile();
    const before = Date.now();
    await family.end(300);
    expect(Date.now() - before).toBeGreaterThanOrEqual(300);
    expect(findTree(ours)).toEqual([]);
  });

  it("says that it exited, and with which code", async () => {
    const options = { role: "short", runFolder: join(folder, "run"), mark: "home/short", cwd: folder, env: {} };
    const logPath = join(folder, "short.log");
    const command = { command: process.execPath, args: ["-e", "console.log('said'); process.exit(3)"] };
    const short = startManaged({ ...options, ...command, logPath });
    expect(await short.exited).toBe(3);
    expect(short.hasExited()).toBe(true);
    expect(readFileSync(logPath, "utf8")).toBe("said\n");
  });

  it("is ended by the next start through its pid file, or without one through its mark", async () => {
    await startFamily("one");
    await startFamily("two");
    const [one, two] = [treeOnFile("one"), treeOnFile("two")];
    rmSync(join(folder, "run", "two.json"));
    const options = { runFolder: join(folder, "run"), homeId: "home", runnerGraceMs: 0, graceMs: 0 };
    expect(await endRecorded(options)).toEqual(["one"]);
    expect([...findTree(one), ...findTree(two)]).toEqual([]);
    expect(listRoles(join(folder, "run"))).toEqual([]);
  });

  it("is left alone by the start of another home", async () => {
    const family = await startFamily();
    const options = { runFolder: join(folder, "other"), homeId: "other", runnerGraceMs: 0, graceMs: 0 };
    expect(await endRecorded(options)).toEqual([]);
    expect(findTree(treeOnFile())).toHaveLength(3);
    await family.end(0);
  });
});
