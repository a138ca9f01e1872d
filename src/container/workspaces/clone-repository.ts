// Clones a repository into the empty workspace: beside it first, then moved in, so that a failure leaves it empty.
// Whoever asks again, because the first answer was lost, gets the same answer.
import { chown, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { AppError } from "../../shared/errors/app-error.ts";
import { judgeGitUrl } from "../../shared/projects/git-url-policy.ts";
import type { Config } from "../config.ts";
import { runProgram } from "./run-program.ts";

const CLONE_TIMEOUT_MS = 5 * 60_000;
/** Inside the workspace, so that moving in is a rename; nothing of ours begins with this name elsewhere. */
const FOLDER_PREFIX = ".berth-clone-";

/** In the state folder: what was cloned. */
const RECORD = "cloned.json";
const recordSchema = z.object({ git_url: z.string(), commit: z.string() });

type Request = { git_url: string; allow_insecure: boolean };
type Cloned = { commit: string };

/** One clone at a time for a workspace. */
const underWay = new Map<string, Promise<Cloned>>();

export function cloneRepository(config: Config, request: Request): Promise<Cloned> {
  const key = JSON.stringify([config.workspaceDir, request.git_url]);
  const clone = underWay.get(key) ?? cloneOnce(config, request).finally(() => underWay.delete(key));
  underWay.set(key, clone);
  return clone;
}

async function cloneOnce(config: Config, request: Request): Promise<Cloned> {
  const verdict = judgeGitUrl(request.git_url, { allowInsecure: request.allow_insecure });
  if (!verdict.ok) throw new AppError("invalid_argument", `The git URL ${verdict.reason}.`);
  const earlier = await readRecord(config);
  if (earlier?.git_url === request.git_url) return { commit: earlier.commit };
  for (const name of await readdir(config.workspaceDir)) {
    // A runner that was ended while it cloned left this.
    if (name.startsWith(FOLDER_PREFIX)) await rm(join(config.workspaceDir, name), { recursive: true, force: true });
  }
  if ((await readdir(config.workspaceDir)).length > 0) {
    throw new AppError("project_busy", "The project already holds files; clone into a new project instead.");
  }
  const folder = await mkdtemp(join(config.workspaceDir, FOLDER_PREFIX));
  if (config.cliUser !== null) await chown(folder, config.cliUser.uid, config.cliUser.gid);
  try {
    const cloned = await cloneAndMoveIn(config, folder, request);
    await writeFile(join(config.stateDir, RECORD), JSON.stringify({ git_url: request.git_url, ...cloned }));
    return cloned;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readRecord(config: Config): Promise<z.infer<typeof recordSchema> | null> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(join(config.stateDir, RECORD), "utf8")));
  } catch {
    return null;
  }
}

async function cloneAndMoveIn(config: Config, folder: string, request: Request): Promise<{ commit: string }> {
  const home = join(folder, "home");
  const clone = join(folder, "clone");
  await mkdir(home);
  const protocols = request.allow_insecure ? ["https", "http", "file"] : ["https"];
  const settings = [
    "protocol.allow=never",
    ...protocols.map((protocol) => `protocol.${protocol}.allow=always`),
    "core.hooksPath=/dev/null",
    "credential.helper=",
    "http.followRedirects=initial",
  ].flatMap((setting) => ["-c", setting]);
  const args = [
    ...settings,
    "clone",
    "--quiet",
    "--template=",
    "--no-recurse-submodules",
    "--",
    request.git_url,
    clone,
  ];
  if ((await runGit(config, { args, cwd: folder, home })).exitCode !== 0) throw cloneFailed();
  const head = await runGit(config, { args: ["rev-parse", "HEAD"], cwd: clone, home });
  for (const name of await readdir(clone)) await rename(join(clone, name), join(config.workspaceDir, name));
  // A repository without commits has no HEAD.
  return { commit: head.exitCode === 0 ? head.stdout.trim() : "" };
}

function cloneFailed(): AppError {
  return new AppError(
    "clone_failed",
    "The repository could not be cloned. Check that the address is right and that it can be read without signing in.",
  );
}

function runGit(config: Config, run: { args: string[]; cwd: string; home: string }) {
  return runProgram({
    command: "git",
    args: run.args,
    cwd: run.cwd,
    environment: {
      PATH: config.path,
      HOME: run.home,
      LANG: "C.UTF-8",
      GIT_TERMINAL_PROMPT: "0",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_ASKPASS: "/bin/false",
      GIT_SSH_COMMAND: "/bin/false",
      GIT_LFS_SKIP_SMUDGE: "1",
    },
    user: config.cliUser,
    timeoutMs: CLONE_TIMEOUT_MS,
  });
}
