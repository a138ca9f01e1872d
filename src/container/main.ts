// The runner's composition root: this process's environment, and the Claude Code that the Agent SDK brings.
import { runRunner } from "./run.ts";
import { findClaudePackage } from "./workspaces/claude-binary.ts";

await runRunner(process.env, findClaudePackage());
