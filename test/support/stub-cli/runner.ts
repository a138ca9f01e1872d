// The real runner with a stub in the place of Claude Code's process: for what needs more sessions, or more messages a
// second, than the real one gives on one machine.
import { join } from "node:path";
import { runRunner } from "../../../src/container/run.ts";
import { findClaudePackage } from "../../../src/container/workspaces/claude-binary.ts";

await runRunner(process.env, { ...findClaudePackage(), binaryPath: join(import.meta.dirname, "claude.mjs") });
