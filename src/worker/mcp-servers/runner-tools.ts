// What a test needs of a sandbox: to start a program in it and ask it for its tools.
import type { Answer } from "../../shared/errors/app-error.ts";
import type { StdioTest } from "../../shared/mcp-servers/server-test.ts";
import type { TestServer } from "../../shared/rpc/runner-workspace-api.ts";

export type RunnerTools = { testServer(server: TestServer): Promise<Answer<StdioTest>> };
