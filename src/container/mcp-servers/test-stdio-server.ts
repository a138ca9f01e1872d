// Starts a program as Claude Code would, asks it for its MCP tools, and ends it with everything that it started.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { chownSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { type ServerProblem, shownTools, type StdioTest } from "../../shared/mcp-servers/server-test.ts";
import type { TestServer } from "../../shared/rpc/runner-workspace-api.ts";
import { type Config, RUNNER_VERSION } from "../config.ts";
import { newId } from "../new-id.ts";
import { killMarked, signalGroup } from "../processes/process-tree.ts";
import { readLines } from "./read-lines.ts";

/** A package runner may have to fetch the program first. */
const TIMEOUT_MS = 20_000;
const MAX_LINE_CHARS = 4 * 1024 * 1024;
const PROTOCOL = "2025-06-18";

const answerSchema = z.looseObject({ id: z.union([z.number(), z.string()]), result: z.looseObject({}).optional() });
const toolsSchema = z.object({ tools: z.array(z.object({ name: z.string() })) });

type Where = Pick<Config, "workspaceDir" | "cliUser" | "path">;

export async function testStdioServer(config: Where, server: TestServer, timeoutMs = TIMEOUT_MS): Promise<StdioTest> {
  const home = await mkdtemp(join(tmpdir(), "berth-mcp-test-"));
  if (config.cliUser !== null) chownSync(home, config.cliUser.uid, config.cliUser.gid);
  // What leaves the program's group still has this in its environment.
  const mark = { name: "BERTH_SERVER_TEST", value: newId() };
  const child = spawn(server.command, server.args, {
    cwd: config.workspaceDir,
    env: {
      ...server.env,
      PATH: server.env["PATH"] ?? config.path,
      HOME: home,
      LANG: "C.UTF-8",
      [mark.name]: mark.value,
    } as unknown as NodeJS.ProcessEnv,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
    ...config.cliUser,
  });
  try {
    return await converse(child, timeoutMs);
  } finally {
    if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
    killMarked(`${mark.name}=${mark.value}`, config.cliUser);
    await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

async function converse(child: ChildProcessWithoutNullStreams, timeoutMs: number): Promise<StdioTest> {
  child.stdin.on("error", () => undefined);
  child.stderr.resume();
  const talk = createTalk(child);
  const timer = setTimeout(() => talk.end("refused", "The program gave no answer in time."), timeoutMs);
  try {
    const clientInfo = { name: "berth", version: RUNNER_VERSION };
    await talk.ask(1, "initialize", { protocolVersion: PROTOCOL, capabilities: {}, clientInfo });
    talk.say({ jsonrpc: "2.0", method: "notifications/initialized" });
    const listed = toolsSchema.safeParse(await talk.ask(2, "tools/list", {}));
    if (!listed.success) return failed("not_mcp", "The program answered, but gave no list of tools.");
    return { ok: true, tools: shownTools(listed.data.tools.map(({ name }) => name)) };
  } catch (error) {
    if (error instanceof Ended) return failed(error.problem, error.message);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

class Ended extends Error {
  readonly problem: ServerProblem;
  constructor(problem: ServerProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

/** Messages by lines, each answer to its question. */
function createTalk(child: ChildProcessWithoutNullStreams) {
  /** Only the answer that is waited for is kept. */
  let asked: { id: number; answer?: unknown; isThere: boolean } = { id: 0, isThere: false };
  let ended: Ended | null = null;
  let look: () => void = () => undefined;
  const end = (problem: ServerProblem, message: string): void => {
    ended ??= new Ended(problem, message);
    look();
  };
  child.on("error", () => end("did_not_start", "The program could not be started. Check its name and path."));
  child.on("exit", (code) => end("did_not_start", `The program ended with code ${code ?? "none"} before it answered.`));
  readLines(child.stdout, MAX_LINE_CHARS, {
    line(line) {
      const answer = answerSchema.safeParse(parseJson(line));
      if (!answer.success || answer.data.id !== asked.id) return;
      asked = { id: asked.id, answer: answer.data.result, isThere: true };
      look();
    },
    tooLong: () => end("not_mcp", "The program's answer is too large."),
  });
  const say = (message: unknown): void => void child.stdin.write(`${JSON.stringify(message)}\n`);
  return {
    say,
    end,
    ask(id: number, method: string, params: unknown): Promise<unknown> {
      asked = { id, isThere: false };
      say({ jsonrpc: "2.0", id, method, params });
      return new Promise((resolve, reject) => {
        look = () => {
          if (asked.isThere) resolve(asked.answer);
          else if (ended !== null) reject(ended);
        };
        look();
      });
    },
  };
}

function failed(problem: ServerProblem, message: string): StdioTest {
  return { ok: false, problem, message };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
