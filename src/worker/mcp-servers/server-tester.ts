// Tests a server for real: a remote one from here, a program inside the sandbox, and notes how it was found.
import { AppError, unwrap } from "../../shared/errors/app-error.ts";
import { isRemote, type McpServer, type StdioServer } from "../../shared/mcp-servers/server-schema.ts";
import type { ServerProblem } from "../../shared/mcp-servers/server-test.ts";
import type { RunnerTools } from "./runner-tools.ts";
import type { HealthStore } from "./health-store.ts";
import { type ServerOpener, withoutSecrets } from "./open-server.ts";
import type { Probe, ProbeServer } from "./probe-server.ts";
import type { ServerKey } from "./server-key.ts";

export type TestResult = {
  /** False when nothing could be tested yet. */
  tested: boolean;
  ok: boolean;
  tools: string[];
  problem: ServerProblem | null;
  message: string | null;
};

export type ServerTester = {
  /** A definition that is kept: with its secrets, and its program started. Notes what it found. */
  kept(key: ServerKey, server: McpServer, sandbox: RunnerTools): Promise<TestResult>;
  /** One that a person has not agreed to yet: with what the call itself brought, and no program is started. */
  proposed(server: McpServer): Promise<TestResult>;
};

export type ServerTesterParts = { open: ServerOpener; probe: ProbeServer; health: HealthStore };

export function createServerTester({ open, probe, health }: ServerTesterParts): ServerTester {
  const testKept = async (key: ServerKey, server: McpServer, sandbox: RunnerTools): Promise<Probe> => {
    if (!isRemote(server)) return startProgram(server, sandbox);
    try {
      return await probe(server.type, await open(key, server));
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "secret_not_found") throw error;
      return { ok: false, problem: "secret_missing", message: error.message };
    }
  };
  return {
    async kept(key, server, sandbox) {
      const found = await testKept(key, server, sandbox);
      await (found.ok ? health.ok(key, found.tools.length) : health.failed(key, found.problem));
      return toResult(found);
    },
    async proposed(server) {
      if (!isRemote(server)) return untested("A program is started once a person agreed to it: mcp_test does so then.");
      const bare = withoutSecrets(server);
      if (bare === null) return untested("Its address holds a stored secret, which is used once a person agreed.");
      return toResult(await probe(server.type, bare));
    },
  };
}

async function startProgram(server: StdioServer, sandbox: RunnerTools): Promise<Probe> {
  const { command, args, env } = server;
  return unwrap(await sandbox.testServer({ command, args, env }));
}

function toResult(probe: Probe): TestResult {
  if (probe.ok) return { tested: true, ok: true, tools: probe.tools, problem: null, message: null };
  return { tested: true, ok: false, tools: [], problem: probe.problem, message: probe.message };
}

function untested(message: string): TestResult {
  return { tested: false, ok: false, tools: [], problem: null, message };
}
