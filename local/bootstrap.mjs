// Makes a fresh clone runnable on Node 20 or newer: installs what is missing, then runs a script or bin on Node 24.
// Plain JavaScript without dependencies, because nothing is installed yet when it starts.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const REPOSITORY = dirname(dirname(fileURLToPath(import.meta.url)));
const BIN_FOLDER = join(REPOSITORY, "node_modules", ".bin");
const NODE_BINARY = join(REPOSITORY, "node_modules", "node", "bin", "node");
const STALE_LOCK_MS = 30 * 60_000;
const FORWARDED_SIGNALS = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);

/** @param {string} path */
function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).packages ?? null;
  } catch {
    return null;
  }
}

/** Null when node_modules is what package-lock.json asks for, else the reason why not. */
function findInstallReason() {
  const wanted = readPackages(join(REPOSITORY, "package-lock.json"));
  if (wanted === null) throw new Error(`${join(REPOSITORY, "package-lock.json")} cannot be read; restore it from git.`);
  const installed = readPackages(join(REPOSITORY, "node_modules", ".package-lock.json"));
  if (installed === null) return "nothing is installed yet";
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === "" || entry.link) continue;
    const found = installed[path];
    // Optional packages for other platforms are in the lock file and never on the disk.
    if (found === undefined && (entry.optional || entry.devOptional || entry.peer)) continue;
    if (found?.version !== entry.version) return "package-lock.json has changed";
  }
  return nodeWorks() ? null : "Node 24 is missing";
}

function nodeWorks() {
  if (!existsSync(NODE_BINARY)) return false;
  const answer = spawnSync(NODE_BINARY, ["--version"], { encoding: "utf8" });
  return answer.status === 0 && answer.stdout.startsWith("v24.");
}

async function install() {
  if (findInstallReason() === null) return;
  const release = await takeLock();
  try {
    const reason = findInstallReason();
    if (reason !== null) runNpmCi(reason);
  } finally {
    release();
  }
}

/** @param {string} reason */
function runNpmCi(reason) {
  console.error(`Installing Berth's packages with npm ci, because ${reason}. This takes a minute or two.`);
  const npm = process.env.npm_execpath;
  const isNpm = npm !== undefined && /\.[cm]?js$/.test(npm);
  const [command, ...prefix] = isNpm ? [process.execPath, npm] : ["npm"];
  // Without --include=dev an inherited NODE_ENV=production would leave out everything that runs Berth locally.
  const args = [...prefix, "ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status, error } = spawnSync(command, args, { cwd: REPOSITORY, stdio: ["ignore", 2, 2] });
  if (error !== undefined) throw new Error("npm could not be started; Berth needs npm beside Node.js.");
  if (status !== 0) throw new Error("npm ci failed; its own message stands above. Correct that and start again.");
  const left = findInstallReason();
  if (left !== null) throw new Error(`npm ci ended, and still ${left}. Delete node_modules and start again.`);
}

/** One `npm ci` at a time for this checkout: the others wait and then find everything installed. */
async function takeLock() {
  const name = createHash("sha256").update(REPOSITORY).digest("hex").slice(0, 16);
  const path = join(tmpdir(), `berth-install-${name}.lock`);
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: "wx" });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
      if (isStale(path)) rmSync(path, { force: true });
      else await sleep(300);
    }
  }
}

/** @param {string} path */
function isStale(path) {
  try {
    if (Date.now() - statSync(path).mtimeMs > STALE_LOCK_MS) return true;
    const owner = Number(readFileSync(path, "utf8"));
    // An empty file is a lock that its owner is still writing.
    if (owner > 0) process.kill(owner, 0);
    return false;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "ESRCH";
  }
}

/** @param {string} target @param {string[]} args */
function run(target, args) {
  const isScript = /\.[cm]?[jt]s$/.test(target);
  const command = isScript ? NODE_BINARY : join(BIN_FOLDER, target);
  if (!isScript && !existsSync(command)) throw new Error(`There is no program named ${target} in node_modules/.bin.`);
  const env = { ...process.env, PATH: `${BIN_FOLDER}${delimiter}${process.env.PATH ?? ""}` };
  const child = spawn(command, isScript ? [target, ...args] : args, { stdio: "inherit", env });
  for (const signal of FORWARDED_SIGNALS) process.on(signal, () => child.kill(signal));
  child.on("error", () => fail(`${target} could not be started.`));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal ?? "SIGTERM"] ?? 0);
  });
}

/** @param {string} message */
function fail(message) {
  console.error(message);
  process.exitCode = 1;
}

const [target, ...args] = process.argv.slice(2);
if (Number(process.versions.node.split(".")[0]) < 20) {
  fail(`Berth needs Node.js 20 or newer to begin with; this is ${process.version}.`);
} else if (target === undefined) fail("Usage: node local/bootstrap.mjs <script.ts | name of a bin> [arguments]");
else {
  await install().then(
    () => run(target, args),
    (error) => fail(error instanceof Error ? error.message : String(error)),
  );
}
